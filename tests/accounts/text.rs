//! Text that comes from outside and is shown to somebody (SPEC 1.13).

use selfsame::{
    Billing, BillingStatus, Client, Error, Intent, ManagedBy, Product, Refusal, TextField, TextProblem,
};
use selfsame_world::{Identity, World, refused, signed_in};

const PASSWORD: &str = "correct horse battery staple";
const HEADER: &str = "x\r\nBcc: all@evil.example\r\n\r\n<a href=//evil.example>unlock</a>";

fn invalid(field: TextField, reason: TextProblem) -> Refusal {
    Refusal::InvalidText { field, reason }
}

/// Texts that no caller may give, each with what is wrong with it.
fn bad(longest: usize) -> [(String, TextProblem); 6] {
    [
        (String::new(), TextProblem::Empty),
        (" \r\n".to_owned(), TextProblem::Empty),
        ("a".repeat(longest + 1), TextProblem::TooLong),
        (HEADER.to_owned(), TextProblem::Character),
        ("\u{1b}[31m".to_owned(), TextProblem::Character),
        ("\u{202e}a".to_owned(), TextProblem::Character),
    ]
}

#[test]
fn r1_13_no_call_takes_a_device_label_that_cannot_be_shown() {
    let world = World::new();
    let ada = world.ada();
    let (engine, x) = (world.engine(), "x".parse().unwrap());
    let sent = engine.messages(100).unwrap().len();
    for (label, reason) in bad(64) {
        let client = &Client::on(&label);
        let password = &PASSWORD.into();
        for outcome in [
            engine.sign_up("victim@example.org", password, client),
            engine.sign_in(&ada.email, &ada.password.as_str().into(), client),
            engine.sign_in_to(ada.account, &ada.password.as_str().into(), client),
            engine.reset_password(&ada.email, client),
            engine.begin_federated(&x, client),
            engine.undo(&PASSWORD.into(), client),
        ] {
            assert_eq!(refused(outcome), invalid(TextField::Device, reason), "{label:?}");
        }
    }
    assert_eq!(engine.messages(100).unwrap().len(), sent, "a refused label was mailed");
    assert_eq!(world.account(&ada).sessions().unwrap().len(), 1);
}

#[test]
fn r1_13_a_device_label_is_kept_in_one_form() {
    let world = World::new();
    let typed = Client::on(" Ada\u{2019}s Bu\u{308}ro 👩\u{200d}🚀 \n");
    world.engine().sign_up("ada@example.org", &PASSWORD.into(), &typed).unwrap();
    let mailed = world.engine().messages(1).unwrap();
    assert_eq!(mailed[0].device, "Ada\u{2019}s B\u{fc}ro 👩\u{200d}🚀");
}

#[test]
fn r1_13_support_needs_an_operator_and_a_ticket() {
    let world = World::new();
    let ada = world.ada();
    for (name, reason) in bad(64) {
        let desk = world.engine().support(&name).map(drop);
        assert_eq!(refused(desk), invalid(TextField::Operator, reason), "{name:?}");
    }
    let desk = world.engine().support(" Grace ").unwrap();
    for (ticket, reason) in bad(200) {
        let outcome = desk.start_deletion(ada.account, &ticket);
        assert_eq!(refused(outcome), invalid(TextField::Ticket, reason), "{ticket:?}");
    }
    assert_eq!(world.engine().support_records(ada.account).unwrap(), []);
    let ticket = "T".repeat(200);
    desk.start_deletion(ada.account, &format!(" {ticket}\n")).unwrap();
    let record = world.engine().support_records(ada.account).unwrap().remove(0);
    assert_eq!((record.operator, record.ticket), ("Grace".to_owned(), ticket));
}

#[test]
fn r1_13_a_plan_that_cannot_be_shown_is_refused() {
    let world = World::new();
    let ada = world.ada();
    let product = "grok".parse().unwrap();
    let billing = |plan: &str| Billing {
        customer: "cus_1".parse().unwrap(),
        plan: plan.to_owned(),
        status: BillingStatus::Active,
        period_end: None,
        managed_by: ManagedBy::Direct,
    };
    let set = |plan: &str| world.engine().set_billing(ada.account, &product, &billing(plan));
    for (plan, reason) in bad(64) {
        assert_eq!(refused(set(&plan)), invalid(TextField::Plan, reason), "{plan:?}");
    }
    set(" e\u{301}t\u{e9} ").unwrap();
    let kept = world.account(&ada).memberships().unwrap().remove(0).billing.unwrap();
    assert_eq!(kept, billing("\u{e9}t\u{e9}"));
}

#[test]
fn r1_13_the_names_of_a_policy_have_the_form_in_which_they_are_shown() {
    let named = |name: &str| Product {
        id: "notes".parse().unwrap(),
        display_name: name.to_owned(),
        manage_account_url: "https://notes.example.org/account".to_owned(),
        manage_billing_url: "https://notes.example.org/billing".to_owned(),
    };
    let setting = |built: Result<_, selfsame::PolicyError>| built.err().map(|error| error.setting);
    let other_forms = [" Notes".to_owned(), "cafe\u{301}".to_owned()];
    for name in bad(64).map(|(name, _)| name).iter().chain(&other_forms) {
        let products = World::policy().products(vec![named(name)]).build();
        assert_eq!(setting(products), Some("products"), "{name:?}");
        assert_eq!(setting(World::policy().realm(name).build()), Some("realm"), "{name:?}");
    }
    let policy = World::policy().realm("Caf\u{e9}").products(vec![named(&"\u{e9}".repeat(64))]);
    assert_eq!(setting(policy.build()), None);
}

#[test]
fn r1_13_a_handle_is_cleaned_and_cut_and_keeps_nobody_out() {
    for (handle, kept) in [
        (HEADER.to_owned(), Some("x Bcc: all@evil.example <a href=//evil.example>unlock</a>".to_owned())),
        ("\u{e4}".repeat(1_000_000), Some("\u{e4}".repeat(64))),
        ("\u{202e}".to_owned(), None),
    ] {
        let world = World::new();
        let identity = Identity { handle: Some(handle), ..Identity::at("x", "17") };
        let signed = signed_in(world.present(&identity, Intent::SignUp).unwrap());
        let view = world.engine().account(&signed.token).unwrap().view().unwrap();
        assert_eq!(view.methods[0].handle, kept);
    }
}

#[test]
fn r1_13_a_refusal_names_the_text_and_what_is_wrong_with_it() {
    let refusal = invalid(TextField::Device, TextProblem::TooLong);
    assert_eq!(
        (refusal.code(), refusal.to_string().as_str()),
        ("InvalidText", "invalid device label: it is too long")
    );
    assert_eq!(Error::from(refusal).code(), "InvalidText");
}

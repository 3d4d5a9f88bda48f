//! The account page: products, billing, and the accounts that a device remembers.

use serde_json::{Value, json};

use crate::desk::{BRIAN, Desk, PASSWORD, told};

#[test]
fn each_product_has_its_own_billing_and_is_managed_where_it_was_sold() {
    let desk = Desk::new();
    desk.brian_is_there();
    let account = desk.json(&["account"], "")["id"].as_str().unwrap().to_owned();
    let none = desk.done(&["products"], "");
    assert!(none.contains("0 products") && none.contains("selfsame open-product grok"), "{none}");
    assert!(desk.done(&["open-product", "grok"], "").contains("Grok now uses this account"));
    desk.done(&["open-product", "api"], "");
    let free = desk.json(&["products"], "");
    desk.done(&["open-product", "grok"], "");
    assert_eq!(desk.json(&["products"], ""), free, "only the first use makes a membership");

    let set = ["set-billing", &account, "grok", "--customer", "cus_1815", "--plan", "Monthly"];
    let store = ["--billed-by", "app-store", "--paid-until", "2027-01-31", "--status", "trial"];
    desk.done(&[&set[..], &store].concat(), "");
    let billed = desk.json(&["products"], "");
    assert_eq!(billed["memberships"][1], free["memberships"][1], "the other's is untouched");
    assert_eq!(
        billed["memberships"][0]["billing"],
        json!({
            "customer": "cus_1815", "plan": "Monthly", "status": "Trial",
            "period_end": 1_801_353_600_000_u64, "managed_by": "AppleAppStore",
        })
    );
    let table = desk.done(&["products"], "");
    assert!(table.contains("PRODUCT") && table.contains("31 Jan 2027  the App Store"), "{table}");
    let page = desk.json(&["account"], "");
    assert_eq!(page["memberships"], billed["memberships"]);
    assert!(desk.done(&["account"], "").contains("the App Store"));

    assert!(
        desk.done(&["billing", "grok"], "").contains("the App Store, which sold it: https://apps.apple.com")
    );
    assert_eq!(desk.json(&["billing", "api"], "")["to"], "Product");
    assert!(desk.done(&["manage", "api"], "").contains("https://accounts.x.ai"));
    assert_eq!(desk.json(&["manage", "x"], "")["to"], "ManagedElsewhere");
    assert_eq!(desk.json(&["manage", "work"], "")["url"], Value::Null);

    let rows = desk.rows();
    let other = ["set-billing", &account, "api", "--plan", "p", "--customer"];
    told(
        &desk.run(&[&other[..], &["cus_1815"]].concat(), b""),
        1,
        "belongs to another",
        "another's customer",
    );
    told(&desk.run(&[&other[..], &[""]].concat(), b""), 2, "1 to 255 bytes", "no customer");
    told(&desk.run(&[&set[..], &["--paid-until", "2027-02-30"]].concat(), b""), 2, "2027-01-31", "no day");
    told(&desk.run(&[&set[..], &["--status", "paid"]].concat(), b""), 2, "invalid value", "no status");
    for command in ["open-product", "billing", "manage"] {
        for product in ["mars", "No Product", ""] {
            told(&desk.run(&[command, product], b""), 1, "grok and api", &format!("{command} {product}"));
        }
    }
    let nobody =
        ["set-billing", "019ab0c4-7d40-7c8e-9d1a-5b7f6a1c2d3e", "api", "--plan", "p", "--customer", "c"];
    told(&desk.run(&nobody, b""), 1, "there is no such account", "nobody");
    assert!(desk.rows() == rows);
}

#[test]
fn a_deletion_lists_the_products_that_still_cost_money() {
    let desk = Desk::new();
    desk.brian_is_there();
    let account = desk.json(&["account"], "")["id"].as_str().unwrap().to_owned();
    desk.done(&["open-product", "grok"], "");
    let bill = ["--customer", "c", "--plan", "Monthly", "--billed-by", "google-play"];
    desk.done(&[&["set-billing", &account, "grok"][..], &bill].concat(), "");
    let asked = desk.done(&["delete", "--yes"], "");
    assert!(asked.contains("the account can be restored until"), "{asked}");
    assert!(asked.contains("Google Play still charges for grok"), "{asked}");
}

#[test]
fn a_device_lists_its_accounts_and_forgets_them_on_request() {
    let desk = Desk::new();
    assert!(desk.done(&["picker"], "").contains("0 accounts"));
    desk.brian_is_there();
    let session = std::fs::read(desk.path("s.session")).unwrap();
    let offered = desk.json(&["picker"], "")["accounts"][0].clone();
    assert_eq!(
        (&offered["email"], &offered["needs_network"]),
        (&json!("b\u{2026}@example.org"), &json!(false))
    );
    let brian = offered["account"].as_str().unwrap();
    let done = desk.json(&["sign-in", "--account", brian, "--password-stdin", "--product", "grok"], PASSWORD);
    assert_eq!((&done["step"], done["account"].as_str()), (&json!("SignedIn"), Some(brian)));
    assert_eq!(desk.json(&["products"], "")["memberships"][0]["product"], "grok");
    for (args, code, words) in [
        (&["sign-in", "--account", "nobody", "--password-stdin"][..], 2, "invalid value"),
        (&["sign-in", BRIAN, "--account", brian, "--password-stdin"], 2, "cannot be used with"),
        (&["sign-in", "--password-stdin"], 2, "<EMAIL>"),
        (&["sign-in", BRIAN, "--product", "mars", "--password-stdin"], 1, "grok and api"),
        (&["remove-from-picker", "nobody"], 2, "invalid value"),
    ] {
        told(&desk.run(args, PASSWORD.as_bytes()), code, words, &format!("{args:?}"));
    }

    // Removing an unknown account is not an error, and ends no session.
    desk.done(&["remove-from-picker", "019ab0c4-7d40-7c8e-9d1a-5b7f6a1c2d3e"], "");
    desk.done(&["account"], "");
    desk.done(&["remove-from-picker", brian], "");
    assert!(!desk.path("s.session").exists(), "its sessions here have ended");
    std::fs::write(desk.path("s.session"), session).unwrap();
    told(&desk.run(&["account"], b""), 1, "the session has ended", "the one before it too");
    assert_eq!(desk.json(&["picker"], "")["accounts"], json!([]));
    desk.done(&["sign-in", BRIAN, "--password-stdin", "--no-remember"], PASSWORD);
    assert_eq!(desk.json(&["picker"], "")["accounts"], json!([]));
    desk.done(&["sign-in", BRIAN, "--password-stdin"], PASSWORD);
    assert_eq!(desk.json(&["picker"], "")["accounts"].as_array().unwrap().len(), 1);
}

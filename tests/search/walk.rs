//! The way back that the rules promise the owner, and everything that a thief tries afterwards.

use selfsame::{AccountView, Flow, MethodKind, Secret, Step};
use selfsame_world::{hours, totp};

use super::acts::go_on;
use super::scene::{ADA, Ground, MALLORY, No, Node, OTHER, Plan, Scene, Who, no};

const O: Who = Who::Owner;

/// The owner's ways back. The rules promise that at least one of them works.
type Way = (&'static str, fn(&mut Scene<'_>) -> Result<(), No>);
const WAYS: [Way; 4] = [
    ("undoes the thief's oldest act", |scene| undo(scene, false)),
    ("signs in", enter),
    ("resets the password", reset),
    ("undoes all that the thief could", |scene| undo(scene, true)),
];

/// Tries the owner's ways back until one of them works. If none works, returns the point at which each one failed.
pub(crate) fn back(ground: &Ground, node: &Node) -> Result<(), String> {
    let mut ends = Vec::new();
    for (name, way) in WAYS {
        let mut scene = ground.open(node);
        // From now on, only the owner reads the mailbox. The thief still knows the messages that they have read.
        let now = scene.now();
        let thief = &mut scene.story.thief;
        thief.visits_until = thief.visits_until.map(|until| until.min(now));
        let walked = way(&mut scene)
            .and_then(|()| settle(ground, &mut scene))
            .and_then(|()| is_out(ground, &mut scene));
        match walked {
            Ok(()) => return Ok(()),
            Err(No(why)) => ends.push(format!("{name}: {why}")),
        }
    }
    Err(ends.join("\n      "))
}

/// Undoes all acts since the thief came. With `own_too`, also undoes the earlier acts of the owner whose undo codes the
/// thief has read, which makes these codes void.
fn undo(scene: &mut Scene<'_>, own_too: bool) -> Result<(), No> {
    let begun = scene.story.begun;
    let read = scene.undo_codes(Who::Thief);
    let is_read = |code: &Secret| read.iter().any(|(_, read)| read.reveal() == code.reveal());
    let mut why = No("no undo code".into());
    let codes = scene.undo_codes(O);
    for (_, code) in codes.iter().rev().filter(|(at, code)| *at >= begun || (own_too && is_read(code))) {
        let client = scene.story.owner.client();
        let undone = scene.engine.undo(code, &client).map_err(No::from);
        match undone.and_then(|flow| scene.through(O, flow, Plan::Enter)) {
            Ok(Flow { step: Step::Done { .. }, .. }) => return enter(scene),
            Ok(flow) => return scene.keep(O, flow),
            Err(refused) => why = refused,
        }
    }
    Err(why)
}

/// Signs in with everything that the owner has.
fn enter(scene: &mut Scene<'_>) -> Result<(), No> {
    let by_password = scene.sign_in(O, Plan::Enter).and_then(|flow| scene.keep(O, flow));
    by_password.or_else(|_| {
        let identity = scene.story.owner.identities[0].clone();
        let flow = scene.present(O, &identity, Plan::Enter)?;
        scene.keep(O, flow)
    })
}

fn reset(scene: &mut Scene<'_>) -> Result<(), No> {
    let flow = scene.engine.reset_password(ADA, &scene.story.owner.client())?;
    let flow = scene.through(O, flow, Plan::Enter)?;
    scene.keep(O, flow)
}

/// Returns what is on the account page but is not the owner's.
fn foreign(ground: &Ground, page: &AccountView) -> Vec<String> {
    let is_own = |email: &str| [ADA, OTHER].contains(&email);
    let methods = page.methods.iter().filter(|method| match &method.handle {
        Some(handle) => handle != "ada",
        None => !method.email.as_deref().is_some_and(is_own),
    });
    let methods = methods.map(|method| match &method.handle {
        Some(handle) => format!("the identity {handle}"),
        None => "a password".to_owned(),
    });
    let addresses = page.addresses.iter().filter(|address| !is_own(&address.email));
    let contact = page.contact.iter().filter(|contact| !is_own(contact));
    let factor =
        page.mfa.iter().filter(|mfa| ground.page.mfa.as_ref().map(|own| own.since) != Some(mfa.since));
    methods
        .chain(addresses.map(|address| format!("the address {}", address.email)))
        .chain(contact.map(|contact| format!("the contact {contact}")))
        .chain(factor.map(|_| "the factor".to_owned()))
        .collect()
}

/// Ends the thief's sessions, and replaces a password that the thief knows.
fn settle(ground: &Ground, scene: &mut Scene<'_>) -> Result<(), No> {
    let Some((_, account)) = scene.sessions(O).into_iter().next() else { return no("no session") };
    account.end_other_sessions()?;
    let page = account.view()?;
    let current = scene.story.owner.passwords.last().cloned().unwrap_or_default();
    let has_password = page.methods.iter().any(|method| method.kind == MethodKind::Password);
    if has_password && scene.story.thief.passwords.contains(&current) {
        let chosen = scene.story.owner.choose();
        account.change_password(&current.as_str().into(), &chosen.as_str().into())?;
    }
    scene.host();
    let foreign = foreign(ground, &page);
    if foreign.is_empty() { Ok(()) } else { no(format!("in, beside {}", foreign.join(", "))) }
}

/// Tries everything that the thief has ever had.
fn is_out(ground: &Ground, scene: &mut Scene<'_>) -> Result<(), No> {
    const T: Who = Who::Thief;
    if !scene.sessions(T).is_empty() {
        return no("a session of the thief is live");
    }
    for flow in std::mem::take(&mut scene.story.thief.flows) {
        if go_on(scene, flow).is_ok() {
            return no("a flow of the thief leads into the account");
        }
    }
    scene.hand.later(hours(1));
    for identity in scene.story.thief.identities.clone() {
        if scene.present(T, &identity, Plan::Enter).is_ok_and(|flow| scene.keep(T, flow).is_ok()) {
            return no("the thief's identity leads into the account");
        }
    }
    if scene.sign_in(T, Plan::Enter).is_ok_and(|flow| scene.keep(T, flow).is_ok()) {
        return no("a password that the thief knows leads into the account");
    }
    for address in MALLORY {
        let flow = scene.engine.reset_password(address, &scene.story.thief.client())?;
        if scene.through(T, flow, Plan::Enter).is_ok_and(|flow| scene.keep(T, flow).is_ok()) {
            return no("a reset by the thief's address leads into the account");
        }
    }
    for (_, code) in scene.undo_codes(T) {
        if let Ok(flow) = scene.engine.undo(&code, &scene.story.thief.client())
            && scene.through(T, flow, Plan::Enter).is_ok()
        {
            return no("an undo code that the thief knows leads into the account");
        }
    }
    if scene.story.thief.apps.iter().any(|app| is_factor(ground, scene, app)) {
        return no("the thief's factor is accepted");
    }
    Ok(())
}

/// Whether the app or its recovery codes are accepted where the owner signs in.
fn is_factor(ground: &Ground, scene: &Scene<'_>, app: &selfsame_world::Authenticator) -> bool {
    if ground.page.mfa.is_none() || scene.page().is_none_or(|page| page.mfa.is_none()) {
        return false;
    }
    scene.hand.later(hours(25));
    let owner = &scene.story.owner;
    let password = owner.passwords.last().map(|password| password.as_str().into());
    let Some(Ok(flow)) = password.map(|it| scene.engine.sign_in(ADA, &it, &owner.client())) else {
        return false;
    };
    let shown = totp(&app.secret, scene.now()).map(selfsame::Answer::Totp);
    let codes = app.recovery_codes.first().cloned().map(selfsame::Answer::RecoveryCode);
    shown.ok().into_iter().chain(codes).any(|answer| scene.engine.answer(&flow, answer).is_ok())
}

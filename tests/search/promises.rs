//! The promises that the rules make to the owner, checked in every state.

use selfsame::MessageKind;
use selfsame_world::{days, hours};

use super::adversaries::Adversary;
use super::scene::{Ground, Node, Proof, Scene, Who};
use super::walk;

/// Records the events that the promises depend on, after an act of the thief.
pub(crate) fn note(ground: &Ground, scene: &mut Scene<'_>) {
    let now = scene.now();
    scene.story.first.get_or_insert(now);
    let factor = scene.page().and_then(|page| page.mfa).map(|mfa| mfa.since);
    if factor.is_some() && factor != ground.page.mfa.as_ref().map(|own| own.since) {
        scene.story.foreign_factor.get_or_insert(now);
    }
}

/// The promises that a state breaks.
pub(crate) fn broken(ground: &Ground, node: &Node, adversary: Adversary) -> Vec<String> {
    let mut scene = ground.open(node);
    let (now, story) = (scene.now(), node.story.clone());
    let mut broken = Vec::new();
    let Some(page) = scene.page() else {
        let told = scene.mail(Who::Owner).iter().any(|message| {
            let tells = matches!(
                message.kind,
                MessageKind::DeletionRequested { .. } | MessageKind::ErasureAnnounced { .. }
            );
            tells && message.created_at + hours(72) <= now
        });
        if !told {
            broken.push("(d) the account is erased before the owner was told and had 72 hours".to_owned());
        }
        match story.erasure {
            Some(Proof::Full) => {}
            Some(Proof::FirstFactor) => {
                broken.push("(d) the account is erased by a first factor alone".to_owned())
            }
            _ => broken.push("(d) the account is erased by a stale session".to_owned()),
        }
        return broken;
    };
    let factor = |page: &selfsame::AccountView| page.mfa.as_ref().map(|mfa| mfa.since);
    if adversary.is_visitor() && factor(&ground.page).is_some() {
        if factor(&page) != factor(&ground.page) {
            broken.push("(a) a mailbox alone has removed a factor older than 72 hours".to_owned());
        } else if !scene.sessions(Who::Thief).is_empty() {
            broken.push("(a) a mailbox alone has opened a session past the factor".to_owned());
        }
    }
    if adversary == Adversary::Removed && !scene.sessions(Who::Thief).is_empty() {
        broken.push("(b) a person who was removed is in the account again".to_owned());
    }
    let is_promised = story.first.is_some_and(|first| now < first + days(7))
        && story.foreign_factor.is_none_or(|since| now < since + hours(72));
    if broken.is_empty()
        && is_promised
        && let Err(why) = walk::back(ground, node)
    {
        broken.push(format!("(c) no way back lets the owner in and shuts the thief out:\n      {why}"));
    }
    broken
}

//! Every act on an account.

use selfsame::{
    Answer, Billing, BillingStatus, Client, Error, Intent, Managed, ManagedBy, MethodKind, Planned,
    ProductId, RequestKind, Step,
};
use selfsame_world::{Device, Identity, Person, World, days, minutes};

use super::By;
use super::stage::{CONTACT, OTHER, Second, Situation, Stage};

/// Does something on a stage.
type Does = fn(&mut Stage) -> Result<(), Error>;

/// An act, and how a test does it.
pub(super) struct Act {
    pub(super) name: &'static str,
    pub(super) by: By,
    /// The calls that belong to the act, as tests/api.txt names them.
    pub(super) calls: &'static [&'static str],
    /// Whether the account has MFA before the act.
    pub(super) mfa: bool,
    /// Whether the account has a password before the act.
    pub(super) has_password: bool,
    /// Whether the account has a passkey before the act.
    pub(super) has_passkey: bool,
    /// What happens before the act.
    pub(super) starts: fn(&mut Stage),
    pub(super) does: Does,
}

const fn act(by: By, name: &'static str, calls: &'static [&'static str], does: Does) -> Act {
    Act { name, by, calls, mfa: true, has_password: true, has_passkey: false, starts: |_| {}, does }
}

const fn session(name: &'static str, calls: &'static [&'static str], does: Does) -> Act {
    act(By::Session, name, calls, does)
}

const fn flow(name: &'static str, calls: &'static [&'static str], does: Does) -> Act {
    act(By::Flow, name, calls, does)
}

const fn host(name: &'static str, calls: &'static [&'static str], does: Does) -> Act {
    act(By::Host, name, calls, does)
}

impl Act {
    const fn after(self, starts: fn(&mut Stage)) -> Self {
        Self { starts, ..self }
    }

    const fn without_mfa(self) -> Self {
        Self { mfa: false, ..self }
    }

    const fn with_passkey(self) -> Self {
        Self { has_passkey: true, ..self }
    }

    const fn without_password(self) -> Self {
        Self { has_password: false, ..self }
    }
}

const NEW: &str = "new@example.net";
const ANOTHER: &str = "another horse battery staple";

pub(super) const ACTS: &[Act] = &[
    session("add a password", &["AccountHandle::add_password", "AccountHandle::prove_address"], |stage| {
        stage.account.add_password(NEW, &ANOTHER.into())?;
        stage.proves_address()
    })
    .without_password()
    .after(Stage::loses_the_password),
    session("add an identity", &["AccountHandle::begin_add", "Engine::continue_with"], |stage| {
        stage.asks("the new identity");
        stage.world.add(&stage.account, &Identity::at("other", "2")).map(drop)
    }),
    session("add a passkey", &["AccountHandle::begin_add_passkey"], |stage| {
        stage.asks("the new passkey");
        let begun = stage.account.begin_add_passkey()?;
        let Step::CreatePasskey { options } = &begun.step else { panic!("{begun:?}") };
        stage.world.engine().answer(&begun, Device::new(1).create(options)).map(drop)
    }),
    session("remove a method", &["AccountHandle::remove_method"], |stage| {
        stage.account.remove_method(stage.method(MethodKind::Federated))
    }),
    session("review the methods", &["AccountHandle::review"], |stage| stage.account.review(&[], false, None))
        .without_mfa()
        .without_password()
        .after(Stage::waits_for_review),
    session("change the password", &["AccountHandle::change_password"], |stage| {
        stage.asks("the current password");
        let current = std::mem::replace(&mut stage.ada.password, ANOTHER.to_owned());
        stage.account.change_password(&current.as_str().into(), &ANOTHER.into())
    }),
    session("change the email", &["AccountHandle::change_email", "AccountHandle::prove_address"], |stage| {
        stage.account.change_email(NEW)?;
        stage.proves_address()?;
        stage.ada.email = NEW.to_owned();
        Ok(())
    }),
    session("choose another contact", &["AccountHandle::set_contact"], |stage| {
        stage.account.set_contact(OTHER)
    }),
    session(
        "turn MFA on",
        &["AccountHandle::enroll_totp", "AccountHandle::confirm_totp", "AccountHandle::recovery_codes_saved"],
        Stage::turns_mfa_on,
    )
    .without_mfa(),
    session(
        "replace the second factor",
        &["AccountHandle::enroll_totp", "AccountHandle::confirm_totp", "AccountHandle::recovery_codes_saved"],
        Stage::turns_mfa_on,
    ),
    session("turn MFA off", &["AccountHandle::turn_off_mfa"], |stage| {
        stage.account.turn_off_mfa()?;
        stage.app = None;
        Ok(())
    }),
    session(
        "make other recovery codes",
        &[
            "AccountHandle::regenerate_recovery_codes",
            "AccountHandle::unsaved_recovery_codes",
            "AccountHandle::recovery_codes_saved",
        ],
        |stage| {
            stage.account.regenerate_recovery_codes()?;
            stage.account.unsaved_recovery_codes()?;
            stage.account.recovery_codes_saved()
        },
    ),
    session(
        "prove another address",
        &["AccountHandle::verify_address", "AccountHandle::prove_address"],
        |stage| {
            stage.account.verify_address(NEW)?;
            stage.proves_address()
        },
    )
    .after(|stage| {
        stage.enters(Situation::Fresh);
        stage.world.add(&stage.account, &Identity::at("x", "2").with_email(NEW)).unwrap();
    }),
    session("take over the newer email of an identity", &["AccountHandle::take_seen_email"], |stage| {
        stage.account.take_seen_email(stage.method(MethodKind::Federated))
    })
    // With MFA on, the engine forgets the newer email while it waits for the second factor.
    .without_mfa()
    .after(|stage| {
        let newer = stage.identity.clone().with_email(NEW);
        let begun = stage.world.present(&newer, Intent::SignIn).unwrap();
        stage.goes_on(begun).unwrap();
    }),
    session("mark the password as known to others", &["AccountHandle::mark_compromised"], |stage| {
        stage.account.mark_compromised(stage.method(MethodKind::Password))
    }),
    session("confirm protected acts", &["AccountHandle::confirm_protected_acts"], |stage| {
        let newest = stage.account.view()?.protected_acts.last().unwrap().number;
        stage.account.confirm_protected_acts(newest)
    }),
    session("set the display name", &["AccountHandle::set_display_name"], |stage| {
        stage.account.set_display_name(Some("Ada"))
    }),
    session("sign out", &["AccountHandle::sign_out"], |stage| stage.account.sign_out()),
    session("end another session", &["AccountHandle::end_session"], |stage| {
        let oldest = stage.account.sessions()?.into_iter().min_by_key(|session| session.created_at);
        stage.account.end_session(oldest.unwrap().id)
    }),
    session("end all other sessions", &["AccountHandle::end_other_sessions"], |stage| {
        stage.account.end_other_sessions()
    }),
    session(
        "reauthenticate",
        &["AccountHandle::reauthenticate", "Engine::reauthenticate", "Engine::answer"],
        |stage| {
            let begun = stage.account.reauthenticate()?;
            stage.goes_on(begun).map(drop)
        },
    ),
    session("open a product", &["AccountHandle::open_product"], |stage| {
        stage.account.open_product(&product()).map(drop)
    }),
    session("request access or portability", &["AccountHandle::request_privacy"], |stage| {
        stage.account.request_privacy(RequestKind::Access).map(drop)
    }),
    session("request erasure", &["AccountHandle::request_privacy"], |stage| {
        stage.account.request_privacy(RequestKind::Erasure).map(drop)
    }),
    session("export the data", &["AccountHandle::export"], |stage| stage.account.export().map(drop)),
    session("request the deletion", &["AccountHandle::request_deletion"], |stage| {
        stage.account.request_deletion().map(drop)
    }),
    flow("sign in with the password", &["Engine::sign_in", "Engine::answer"], |stage| {
        let begun = stage.first_factor()?;
        stage.goes_on(begun).map(drop)
    }),
    flow("sign in with a passkey", &["Engine::sign_in_with_passkey", "Engine::answer"], |stage| {
        stage.asks("a passkey");
        let engine = stage.world.engine();
        let begun = engine.sign_in_with_passkey(None, &Client::on("library"))?;
        let Step::PresentPasskey { options } = &begun.step else { panic!("{begun:?}") };
        engine.answer(&begun, stage.passkey.get(options)).map(drop)
    })
    .with_passkey(),
    flow("sign in from the picker", &["Engine::sign_in_to", "Engine::answer"], |stage| {
        stage.asks("the password");
        let Person { account, password, .. } = &stage.ada;
        let begun =
            stage.world.engine().sign_in_to(*account, &password.as_str().into(), &Client::on("laptop"))?;
        stage.goes_on(begun).map(drop)
    })
    .after(|stage| {
        stage.world.reopen(World::policy().picker(true).build().unwrap()).unwrap();
        stage.enters(Situation::Fresh);
    }),
    flow("sign in with an identity", &["Engine::begin_federated", "Engine::continue_with"], |stage| {
        stage.has_password = false;
        let begun = stage.first_factor()?;
        stage.goes_on(begun).map(drop)
    }),
    flow("sign in with a recovery code", &["Engine::answer"], |stage| {
        let begun = stage.first_factor()?;
        stage.second = Second::RecoveryCode;
        stage.goes_on(begun).map(drop)
    }),
    flow("reset the password", &["Engine::reset_password", "Engine::answer"], |stage| {
        let begun = stage.world.engine().reset_password(&stage.ada.email, &Client::on("laptop"))?;
        stage.goes_on(begun).map(drop)
    }),
    flow(
        "link an identity",
        &["Engine::begin_federated", "Engine::continue_with", "Engine::answer"],
        |stage| {
            stage.asks("the new identity");
            let begun = stage.world.federated(&Identity::at("x", "3").with_email(CONTACT));
            stage.goes_on(begun).map(drop)
        },
    ),
    flow("undo a protected act", &["Engine::undo", "Engine::answer"], |stage| {
        let (_, code) = stage.undo_code().unwrap();
        stage.undo(&code)?;
        stage.asked.insert(0, "the undo code".to_owned());
        Ok(())
    }),
    flow("restore the account", &["Engine::sign_in", "Engine::answer"], |stage| {
        let begun = stage.first_factor()?;
        stage.goes_on(begun).map(drop)
    })
    .after(|stage| stage.deletes()),
    flow("erase the account at once", &["Engine::sign_in", "Engine::answer"], |stage| {
        stage.restores = Answer::EraseNow;
        let begun = stage.first_factor()?;
        stage.goes_on(begun).map(drop)
    })
    .after(|stage| {
        stage.deletes();
        stage.world.later(days(7) - minutes(30));
    }),
    flow("sign up", &["Engine::sign_up", "Engine::answer"], |stage| {
        let begun = stage.world.sign_up(NEW, ANOTHER);
        stage.goes_on(begun).map(drop)
    }),
    host("mark a password as known to others", &["Engine::mark_compromised"], |stage| {
        stage.world.engine().mark_compromised(stage.ada.account, stage.method(MethodKind::Password))
    }),
    host("move an identity to its new subject", &["Engine::renumber"], |stage| {
        stage.world.engine().renumber(&"example".parse().unwrap(), "1", "2").map(drop)
    }),
    host("announce the erasure that the owner requested", &["Engine::announce_erasure"], |stage| {
        let request = stage.requests_erasure();
        stage.world.engine().announce_erasure(stage.ada.account, request).map(drop)
    }),
    host("erase the account that the owner requested to erase", &["Engine::erase"], |stage| {
        let request = stage.world.engine().open_requests(1)?[0].id;
        stage.world.engine().erase(stage.ada.account, request)
    })
    .after(|stage| {
        let request = stage.requests_erasure();
        stage.world.engine().announce_erasure(stage.ada.account, request).unwrap();
        stage.world.later(days(7));
    }),
    host("close a request", &["Engine::close_request"], |stage| {
        let request = stage.requests_erasure();
        stage.world.engine().close_request(stage.ada.account, request, "R-1").map(drop)
    }),
    host("start a deletion as support", &["SupportDesk::start_deletion"], |stage| {
        let desk = stage.world.engine().support("grace")?;
        desk.start_deletion(stage.ada.account, "T-1").map(drop)
    }),
    host(
        "remind of a deletion 7 days and 1 day before it",
        &["Engine::messages", "Engine::delivered"],
        |stage| {
            for passed in [23, 6] {
                stage.world.later(days(passed));
                stage.world.mailbox();
            }
            Ok(())
        },
    )
    .after(Stage::deletes),
    host("purge a deleted account", &["Engine::purge_due"], |stage| {
        let receipts = stage.world.run_host(days(3))?;
        assert_eq!(receipts.len(), 1);
        Ok(())
    })
    .after(|stage| {
        stage.deletes();
        assert_eq!(stage.world.run_host(days(29)).unwrap().len(), 0);
    }),
    host("set the billing of a product", &["Engine::set_billing"], |stage| {
        let billing = Billing {
            customer: "cus_1".parse().unwrap(),
            plan: "Plus".to_owned(),
            status: BillingStatus::Active,
            period_end: None,
            managed_by: ManagedBy::Direct,
        };
        stage.world.engine().set_billing(stage.ada.account, &product(), &billing)
    })
    .after(|stage| drop(stage.account.open_product(&product()).unwrap())),
    host("remove the account from the picker", &["Engine::remove_from_picker"], |stage| {
        stage.world.engine().remove_from_picker(stage.ada.account)
    }),
];

/// Calls that only read, and how a test makes them.
pub(super) const READS: &[(&str, Does)] = &[
    ("AccountHandle::activity", |stage| stage.account.activity().map(drop)),
    ("AccountHandle::billing_destination", |stage| stage.account.billing_destination(&product()).map(drop)),
    ("AccountHandle::explain", |stage| stage.account.explain(&Planned::SignOut).map(drop)),
    ("AccountHandle::manage_destination", |stage| {
        stage.account.manage_destination(&Managed::Product { product: product() }).map(drop)
    }),
    ("AccountHandle::memberships", |stage| stage.account.memberships().map(drop)),
    ("AccountHandle::privacy_requests", |stage| stage.account.privacy_requests().map(drop)),
    ("AccountHandle::sessions", |stage| stage.account.sessions().map(drop)),
    ("AccountHandle::verify_audit", |stage| stage.account.verify_audit().map(drop)),
    ("AccountHandle::view", |stage| stage.account.view().map(drop)),
    ("Engine::account", |stage| stage.world.engine().account(&stage.ada.token).map(drop)),
    ("Engine::open_requests", |stage| stage.world.engine().open_requests(1).map(drop)),
    ("Engine::picker", |stage| stage.world.engine().picker().map(drop)),
    ("Engine::resolve", |stage| stage.world.engine().resolve(&stage.ada.token).map(drop)),
    ("Engine::support", |stage| stage.world.engine().support("grace").map(drop)),
    ("Engine::support_records", |stage| stage.world.engine().support_records(stage.ada.account).map(drop)),
    ("SupportDesk::activity", |stage| {
        stage.world.engine().support("grace")?.activity(stage.ada.account).map(drop)
    }),
    ("SupportDesk::find", |stage| stage.world.engine().support("grace")?.find(CONTACT).map(drop)),
];

/// Calls that concern a flow as a whole, the delivery of messages or the store, but no particular account.
pub(super) const UPKEEP: &[&str] = &[
    "Engine::failed",
    "Engine::health",
    "Engine::import_accounts",
    "Engine::resume",
    "Engine::set_keys",
    "Engine::set_trusted_time",
    "Engine::sweep",
    "Engine::touch",
    "Engine::verify_store",
];

fn product() -> ProductId {
    "grok".parse().unwrap()
}

//! Personal data: exports, explanations, privacy requests, purges and support.

use std::io::Write;
use std::path::Path;

use selfsame::{AccountId, PrivacyRequest, Refusal, RequestId};
use selfsame_world::render;
use serde_json::{Value, json};

use super::{Reported, Store};
use crate::arguments::{Confirmed, Explained, Privacy, Support};
use crate::next::hint;
use crate::tell::Report;
use crate::trouble::{Trouble, otherwise};
use crate::words::{self, Tone};
use crate::{key, state};

impl Store {
    pub(crate) fn export(&self, file: Option<&Path>) -> Reported {
        let file = file.filter(|file| file.as_os_str() != "-");
        if let Some(file) = file {
            state::check_creatable(file)?;
        }
        let document = self.signed_in()?.account.export()?;
        let Some(file) = file else {
            let mut report = Report::telling(Value::Null, Tone::Tells, "", Vec::new());
            report.document = Some(document);
            return Ok(report);
        };
        let value = json!({ "exported": file.display().to_string() });
        let line = format!("everything about the account, except secrets, is in {}", file.display());
        Ok(Report::done(value, line).but(state::make(file, |out| out.write_all(document.as_bytes()))))
    }

    pub(crate) fn explain(&self, what: Explained) -> Reported {
        Ok(Report::of(render::shown(&self.signed_in()?.account.explain(&what.into())?)))
    }

    pub(crate) fn privacy(&self, what: &Privacy) -> Reported {
        match what {
            Privacy::Request { kind } => {
                let request = self.signed_in()?.account.request_privacy((*kind).into())?;
                let value = json!({ "requests": [render::shown(&request)] });
                let more = words::requests(&value);
                let (line, next) = match request.deletion {
                    Some(_) => (
                        "requested; the account will be deleted, and all its sessions have ended",
                        hint("selfsame sign-in EMAIL", "restore the account within 30 days"),
                    ),
                    None => (
                        "requested; the host has a month to answer",
                        hint("selfsame privacy list", "show the status of your requests"),
                    ),
                };
                Ok(Report::telling(value, Tone::Done, line, more).then(vec![next]))
            }
            Privacy::List => {
                let requests = self.signed_in()?.account.privacy_requests()?;
                Ok(listed(&requests))
            }
            Privacy::ListOpen => {
                let unlock = self.ready(&[])?;
                let requests = self.open(&unlock)?.open_requests(usize::MAX)?;
                let mut report = listed(&requests);
                if !requests.is_empty() {
                    report.next = vec![
                        hint("selfsame privacy close ACCOUNT REQUEST --receipt TEXT", "record the answer"),
                        hint("selfsame privacy announce ACCOUNT REQUEST", "announce an erasure"),
                    ];
                }
                Ok(report)
            }
            Privacy::Close { account, request, receipt } => {
                let unlock = self.ready(&[])?;
                let closed = self.open(&unlock)?.close_request(*account, *request, receipt)?;
                Ok(Report::done(render::shown(&closed), "the request is closed"))
            }
            Privacy::Announce { account, request, confirmed } => self.announce(*account, *request, confirmed),
            Privacy::Erase { account, request, confirmed } => {
                let unlock = self.ready(&[])?;
                let what = "This erases the account now, and nobody can restore it";
                self.asking.confirm(confirmed.yes, what)?;
                self.open(&unlock)?.erase(*account, *request).map_err(otherwise(
                    &Refusal::NotOffered,
                    "the erasure is not announced; announce it: selfsame privacy announce",
                ))?;
                Ok(Report::done(json!({ "erased": account.to_string() }), "the account is erased")
                    .then(vec![hint("selfsame purge", "remove its rows, a day later")]))
            }
        }
    }

    fn announce(&self, account: AccountId, request: RequestId, confirmed: &Confirmed) -> Reported {
        let unlock = self.ready(&[])?;
        let what = "This tells the owner that you will erase the account, which you can do 72 hours later";
        self.asking.confirm(confirmed.yes, what)?;
        let deletion = self.open(&unlock)?.announce_erasure(account, request)?;
        Ok(Report::of(render::shown(&deletion))
            .then(vec![hint(&format!("selfsame privacy erase {account} {request}"), "after 72 hours")]))
    }

    pub(crate) fn support(&self, what: &Support) -> Reported {
        let unlock = self.ready(&[])?;
        match what {
            Support::Find { named, who } => {
                let found = self.open(&unlock)?.support(&who.operator)?.find(named)?;
                Ok(Report::of(json!({ "found": render::shown(&found) })))
            }
            Support::Activity { account, who } => {
                let events = self.open(&unlock)?.support(&who.operator)?.activity(*account)?;
                Ok(Report::of(json!({ "events": render::shown(&events) })))
            }
            Support::Delete { account, ticket, who, confirmed } => {
                let what = "This starts the deletion of the account and suspends its sessions";
                self.asking.confirm(confirmed.yes, what)?;
                let desk = self.open(&unlock)?.support(&who.operator)?;
                let deletion = desk.start_deletion(*account, ticket)?;
                Ok(Report::of(render::shown(&deletion)))
            }
            Support::Records { account } => {
                let records = self.open(&unlock)?.support_records(*account)?;
                Ok(Report::of(json!({ "records": render::shown(&records) })))
            }
        }
    }

    pub(crate) fn purge(&self, limit: usize, confirmed: &Confirmed) -> Result<Report, Trouble> {
        let unlock = self.ready(&[])?;
        let what = "This permanently removes the accounts that can no longer be restored";
        self.asking.confirm(confirmed.yes, what)?;
        Ok(Report::of(render::shown(&self.open(&unlock)?.purge_due(limit)?)))
    }

    pub(crate) fn rekey(&self, new_key: &Path) -> Reported {
        let unlock = self.ready(&[])?;
        match self.open(&unlock) {
            Ok(engine) => engine.rekey(&key::find_or_make(Some(new_key))?.0)?,
            Err(old) => {
                // An interrupted call may have finished the change of keys.
                let is_done = new_key.exists() && self.open(&key::find(Some(new_key))?).is_ok();
                if !is_done {
                    return Err(old);
                }
            }
        }
        let new_key = new_key.display().to_string();
        let mut report = Report::done(
            json!({ "rekeyed": true, "key_file": new_key }),
            format!("only the key in {new_key} opens the store now"),
        );
        report.said.more.push("destroy the old key, because it opens older copies of the store".to_owned());
        Ok(report.then(vec![hint(&format!("selfsame health --key-file {new_key}"), "check the store")]))
    }
}

fn listed(requests: &[PrivacyRequest]) -> Report {
    Report::of(json!({ "requests": render::shown(&requests) }))
}

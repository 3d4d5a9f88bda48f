//! Acts about deletion, support and privacy requests.

use selfsame::{AccountId, Engine, PrivacyRequest, RequestId};
use serde_json::{Value, json};

use crate::play::{Stage, done, shown, unknown};
use crate::render;
use crate::story::Act;

impl Stage {
    pub(crate) fn ending(&mut self, act: &Act, engine: &Engine) -> Result<Value, String> {
        Ok(match act {
            Act::RequestDeletion { session } => {
                let account = engine.account(self.token(session)?);
                shown(account.and_then(|account| account.request_deletion()))
            }
            Act::PurgeDue { limit } => shown(engine.purge_due(limit.unwrap_or(100))),
            Act::SupportFind { operator, named } => {
                let id = self.account(named).ok().map(|id| id.to_string());
                let desk = engine.support(operator);
                let found = desk.and_then(|desk| desk.find(id.as_deref().unwrap_or(named)));
                shown(found.map(|found| json!({ "accounts": found })))
            }
            Act::SupportActivity { operator, account } => {
                let account = self.account(account)?;
                let events = engine.support(operator).and_then(|desk| desk.activity(account));
                shown(events.map(|events| json!({ "events": events })))
            }
            Act::SupportDelete { operator, account, ticket } => {
                let account = self.account(account)?;
                shown(engine.support(operator).and_then(|desk| desk.start_deletion(account, ticket)))
            }
            Act::SupportRecords { account } => {
                let records = engine.support_records(self.account(account)?);
                shown(records.map(|records| json!({ "records": records })))
            }
            other => return self.privacy(other, engine),
        })
    }

    fn privacy(&mut self, act: &Act, engine: &Engine) -> Result<Value, String> {
        Ok(match act {
            Act::RequestPrivacy { session, kind, request } => {
                let account = engine.account(self.token(session)?);
                let asked = account.and_then(|account| account.request_privacy(*kind));
                if let Ok(asked) = &asked {
                    self.requests.insert(request.clone(), (asked.account, asked.id));
                }
                shown(asked)
            }
            Act::PrivacyRequests { session } => {
                let account = engine.account(self.token(session)?);
                listed(account.and_then(|account| account.privacy_requests()))
            }
            Act::Export { session } => {
                let exported = engine.account(self.token(session)?).and_then(|account| account.export());
                match exported {
                    Ok(text) => serde_json::from_str(&text).map_err(|error| error.to_string())?,
                    Err(error) => render::shown(&error),
                }
            }
            Act::OpenRequests {} => listed(engine.open_requests(100)),
            Act::CloseRequest { request, receipt } => {
                let (account, id) = self.request(request)?;
                shown(engine.close_request(account, id, receipt))
            }
            Act::AnnounceErasure { request } => {
                let (account, id) = self.request(request)?;
                shown(engine.announce_erasure(account, id))
            }
            Act::Erase { request } => {
                let (account, id) = self.request(request)?;
                shown(engine.erase(account, id).map(done))
            }
            other => {
                return Err(format!("{} is not an act about deletion, support or privacy", other.name()));
            }
        })
    }

    fn request(&self, name: &str) -> Result<(AccountId, RequestId), String> {
        self.requests.get(name).copied().ok_or_else(|| unknown("request", name))
    }
}

fn listed(requests: Result<Vec<PrivacyRequest>, selfsame::Error>) -> Value {
    shown(requests.map(|requests| json!({ "requests": requests })))
}

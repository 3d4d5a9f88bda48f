//! What this program lets in.

use clap::Args;
use selfsame::{Algorithm, AssertionKind, IdTokenRules, Policy, Product, Provider, ProviderId};

use crate::trouble::Trouble;

/// The providers that the host speaks for here: what they said comes as a statement.
const STATED: [&str; 2] = ["x", "work"];

/// The products that share the accounts.
pub(crate) const PRODUCTS: [&str; 2] = ["grok", "api"];

/// The providers that speak by ID tokens, each let in by what it knows the program by.
#[derive(Args)]
pub(crate) struct Providers {
    /// Let in `google`, which knows the program by this client id
    #[arg(
        long,
        value_name = "CLIENT_ID",
        env = "SELFSAME_GOOGLE",
        global = true,
        help_heading = "Providers of ID tokens"
    )]
    google: Option<String>,
    /// Let in `apple`, which knows the program by this bundle or service id
    #[arg(
        long,
        value_name = "CLIENT_ID",
        env = "SELFSAME_APPLE",
        global = true,
        help_heading = "Providers of ID tokens"
    )]
    apple: Option<String>,
    /// Let in `oidc`, any other provider of OpenID Connect, by its issuer and a client id
    #[arg(
        long,
        value_name = "ISSUER,CLIENT_ID",
        env = "SELFSAME_OIDC",
        global = true,
        help_heading = "Providers of ID tokens"
    )]
    oidc: Option<String>,
}

/// X and an organisation's own provider, which is the authority for the organisation's mailboxes; both
/// as the host states them. Besides, the providers of ID tokens that were named.
/// A terminal is a device, so it has a picker.
pub(crate) fn of(named: &Providers) -> Result<Policy, Trouble> {
    let mut providers = vec![
        Provider::x(),
        Provider {
            id: id("work")?,
            issuer: "https://id.example.org".to_owned(),
            authority_for: vec!["example.org".to_owned()],
            assertion_kind: AssertionKind::HostStated,
            manage_url: None,
        },
    ];
    // A variable that is set to nothing names nothing.
    let given = |option: &Option<String>| option.clone().filter(|value| !value.is_empty());
    providers.extend(given(&named.google).map(|client| Provider::google(vec![client])));
    providers.extend(given(&named.apple).map(|client| Provider::apple(vec![client])));
    if let Some(value) = given(&named.oidc) {
        providers.push(oidc(&value)?);
    }
    let policy = Policy::builder().realm("Selfsame tour").providers(providers);
    let built = policy.products(products()?).picker(true).build();
    built.map_err(|_| {
        Trouble::Unusable(
            "--google, --apple and --oidc: every name has at most 255 bytes, and every provider an issuer of \
             its own"
                .into(),
        )
    })
}

/// The products of the tour.
fn products() -> Result<Vec<Product>, Trouble> {
    let product = |id: &str, display_name: &str, manage_billing_url: &str| {
        Ok::<_, Trouble>(Product {
            id: id.parse().map_err(|_| Trouble::Unusable(format!("{id} is no product's name")))?,
            display_name: display_name.to_owned(),
            manage_account_url: "https://accounts.x.ai".to_owned(),
            manage_billing_url: manage_billing_url.to_owned(),
        })
    };
    Ok(vec![
        product("grok", "Grok", "https://grok.com/?_s=billing")?,
        product("api", "xAI API", "https://console.x.ai")?,
    ])
}

/// Whether the provider speaks by ID tokens, not by the host's statement.
pub(crate) fn signs(provider: &ProviderId) -> bool {
    !STATED.contains(&provider.as_str())
}

/// What the provider of ID tokens with this issuer is called in commands.
pub(crate) fn name_of(issuer: &str) -> &'static str {
    [("google", Provider::google(Vec::new())), ("apple", Provider::apple(Vec::new()))]
        .into_iter()
        .find(|(_, provider)| provider.issuer == issuer)
        .map_or("oidc", |(name, _)| name)
}

/// It is the authority for no mailbox: nobody here can know that it keeps any.
fn oidc(value: &str) -> Result<Provider, Trouble> {
    let (issuer, client) = value
        .split_once(',')
        // OpenID Connect Core 1.0 section 2: the issuer is a URL "using the https scheme".
        .filter(|(issuer, client)| issuer.starts_with("https://") && !client.is_empty())
        .ok_or_else(|| {
            Trouble::Unusable(
                "--oidc takes the issuer and the client id, as in https://id.example.com,field-notes".into(),
            )
        })?;
    let algorithms = vec![Algorithm::Rs256, Algorithm::Es256, Algorithm::EdDsa];
    Ok(Provider {
        id: id("oidc")?,
        issuer: issuer.to_owned(),
        authority_for: Vec::new(),
        assertion_kind: AssertionKind::IdToken(IdTokenRules::new(vec![client.to_owned()], algorithms)),
        manage_url: None,
    })
}

fn id(name: &str) -> Result<ProviderId, Trouble> {
    name.parse::<ProviderId>().map_err(|_| Trouble::Unusable(format!("{name} is no provider's name")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(google: &str, apple: &str, oidc: &str) -> Result<Policy, Trouble> {
        let value = |text: &str| Some(text.to_owned());
        of(&Providers { google: value(google), apple: value(apple), oidc: value(oidc) })
    }

    #[test]
    fn a_provider_of_tokens_is_let_in_by_what_it_knows_the_program_by() {
        for (policy, are_in) in [
            (named("", "", ""), [false; 3]),
            (named("1.apps.example", "", ""), [true, false, false]),
            (named("1", "org.example.notes", "https://id.example.com,notes,2"), [true; 3]),
        ] {
            let policy = policy.ok().unwrap();
            for (name, is_in) in ["google", "apple", "oidc"].into_iter().zip(are_in) {
                let id = name.parse::<ProviderId>().unwrap();
                assert_eq!(policy.provider(&id).is_some(), is_in, "{name}");
                assert!(signs(&id));
                if let Some(provider) = policy.provider(&id) {
                    assert_eq!(name_of(&provider.issuer), name);
                }
            }
            for name in STATED {
                assert!(
                    policy.provider(&name.parse::<ProviderId>().unwrap()).unwrap().assertion_kind
                        == AssertionKind::HostStated
                );
            }
        }
    }

    #[test]
    fn what_names_no_provider_is_refused() {
        let long = "n".repeat(256);
        for (google, oidc) in [
            (long.as_str(), ""),
            ("", "https://id.example.com"),
            ("", "https://id.example.com,"),
            ("", "notes,https://id.example.com"),
            ("", "http://id.example.com,notes"),
            ("", "https://x.com,notes"),
            ("1", "https://accounts.google.com,notes"),
        ] {
            assert!(named(google, "", oidc).is_err(), "{google} {oidc}");
        }
    }
}

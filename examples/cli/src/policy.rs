//! The program's policy: its providers and products.

use clap::Args;
use selfsame::{Algorithm, AssertionKind, IdTokenRules, Policy, Product, Provider, ProviderId};

use crate::trouble::Trouble;

/// The providers whose assertions the host states.
const STATED: [&str; 2] = ["x", "work"];

/// The products that share the accounts.
pub(crate) const PRODUCTS: [&str; 2] = ["grok", "api"];

/// The options that enable providers of ID tokens.
#[derive(Args)]
pub(crate) struct Providers {
    /// Enable `google`, with this client id
    #[arg(
        long,
        value_name = "CLIENT_ID",
        env = "SELFSAME_GOOGLE",
        global = true,
        help_heading = "Providers of ID tokens"
    )]
    google: Option<String>,
    /// Enable `apple`, with this bundle id or service id
    #[arg(
        long,
        value_name = "CLIENT_ID",
        env = "SELFSAME_APPLE",
        global = true,
        help_heading = "Providers of ID tokens"
    )]
    apple: Option<String>,
    /// Enable `oidc`, any other provider of OpenID Connect, with its issuer and a client id
    #[arg(
        long,
        value_name = "ISSUER,CLIENT_ID",
        env = "SELFSAME_OIDC",
        global = true,
        help_heading = "Providers of ID tokens"
    )]
    oidc: Option<String>,
}

/// Builds the policy: X, an organisation's provider that is the authority for its own mailboxes, and the enabled
/// providers of ID tokens. A terminal is a device, so the picker is on.
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
    // An empty variable counts as unset.
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
            "invalid --google, --apple or --oidc: names have at most 255 bytes, and each provider needs its \
             own issuer"
                .into(),
        )
    })
}

/// The products of the tour.
fn products() -> Result<Vec<Product>, Trouble> {
    let product = |id: &str, display_name: &str, manage_billing_url: &str| {
        Ok::<_, Trouble>(Product {
            id: id.parse().map_err(|_| Trouble::Unusable(format!("{id} is not a product id")))?,
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

/// Returns whether the provider issues ID tokens that the engine checks.
pub(crate) fn signs(provider: &ProviderId) -> bool {
    !STATED.contains(&provider.as_str())
}

/// Returns the name of the provider with this issuer, as commands use it.
pub(crate) fn name_of(issuer: &str) -> &'static str {
    [("google", Provider::google(Vec::new())), ("apple", Provider::apple(Vec::new()))]
        .into_iter()
        .find(|(_, provider)| provider.issuer == issuer)
        .map_or("oidc", |(name, _)| name)
}

/// Builds the provider. It is the authority for no mailbox, because the program cannot know which mailboxes it hosts.
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
        assertion_kind: AssertionKind::IdToken {
            rules: IdTokenRules::new(vec![client.to_owned()], algorithms),
        },
        manage_url: None,
    })
}

fn id(name: &str) -> Result<ProviderId, Trouble> {
    name.parse::<ProviderId>().map_err(|_| Trouble::Unusable(format!("{name} is not a provider id")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(google: &str, apple: &str, oidc: &str) -> Result<Policy, Trouble> {
        let value = |text: &str| Some(text.to_owned());
        of(&Providers { google: value(google), apple: value(apple), oidc: value(oidc) })
    }

    #[test]
    fn a_client_id_enables_its_provider_of_id_tokens() {
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
    fn an_invalid_provider_option_is_refused() {
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

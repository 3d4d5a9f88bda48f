//! Names and times. They cross as types that every language has, and come back through `parse`.

use selfsame::{
    AccountId, CustomerRef, FlowId, MessageId, MethodId, ProductId, ProviderId, RequestId, SessionId,
    Timestamp,
};

use crate::error::SelfsameError;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        uniffi::custom_type!($(#[$doc])* $name, String, {
            remote,
            lower: |id| id.to_string(),
            try_lift: |text| Ok(text.parse().map_err(|_| SelfsameError::InvalidId)?),
        });
    )*};
}

ids! {
    /// Names an account: the text of a UUID.
    AccountId
    /// Names a sign-in method of an account: the text of a UUID.
    MethodId
    /// Names a session of an account: the text of a UUID.
    SessionId
    /// Names a flow in a host's statement: the text of a UUID. It is not secret. Calls take the flow's token instead.
    FlowId
    /// Names a request about data: the text of a UUID.
    RequestId
    /// Names a message in the outbox: the text of a UUID.
    MessageId
}

macro_rules! short_names {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        uniffi::custom_type!($(#[$doc])* $name, String, {
            remote,
            lower: |name| name.as_str().to_owned(),
            try_lift: |text| Ok(text.parse::<$name>().map_err(|_| SelfsameError::InvalidShortName)?),
        });
    )*};
}

short_names! {
    /// The short name of a provider in policy: 1 to 32 of `a-z`, `0-9` and `-`.
    ProviderId
    /// The short name of a product in policy: 1 to 32 of `a-z`, `0-9` and `-`.
    ProductId
}

uniffi::custom_type!(
    /// A biller's reference for a customer: 1 to 255 bytes. It belongs to one product of one account.
    CustomerRef, String, {
        remote,
        lower: |customer| customer.as_str().to_owned(),
        try_lift: |text| Ok(text.parse::<CustomerRef>().map_err(|_| SelfsameError::InvalidCustomerRef)?),
    }
);

uniffi::custom_type!(
    /// A point in time: milliseconds since 1970-01-01 00:00:00 UTC.
    Timestamp, u64, {
        remote,
        lower: |time| time.as_millis(),
        try_lift: |ms| Ok(Timestamp::from_millis(ms)),
    }
);

//! The device and the product of a caller.

use selfsame::{Client, ProductId, RecognitionToken};

uniffi::custom_type!(
    /// The device and the product that a flow or session is for.
    Client, ClientInfo, {
        remote,
        lower: |client| client.into(),
        try_lift: |info| Ok(info.into()),
    }
);

/// The device and the product that a flow or session is for.
#[derive(uniffi::Record)]
pub struct ClientInfo {
    /// The label by which the owner will recognise the device: 1 to 64 characters, none of them invisible.
    pub device: String,
    /// The product that is used on the device.
    #[uniffi(default)]
    pub product: Option<ProductId>,
    /// Whether the person wants to be remembered on the device.
    #[uniffi(default = true)]
    pub remembered: bool,
    /// The recognitions that the host keeps on the person's device. The engine uses the first 16. Empty in the
    /// client of a session.
    #[uniffi(default = [])]
    pub recognitions: Vec<RecognitionToken>,
    /// Where the call comes from, for example the prefix of an IP address. Callers of one origin share its limits.
    /// The engine keeps only a keyed hash of it, for a day. Absent in the client of a session.
    #[uniffi(default)]
    pub origin: Option<String>,
}

impl From<ClientInfo> for Client {
    fn from(info: ClientInfo) -> Self {
        let client = Self::on(&info.device);
        let client = if info.remembered { client } else { client.unremembered() };
        let client = client.recognized_by(info.recognitions);
        let client = match &info.origin {
            Some(origin) => client.at_origin(origin),
            None => client,
        };
        match info.product {
            Some(product) => client.using(product),
            None => client,
        }
    }
}

impl From<Client> for ClientInfo {
    fn from(client: Client) -> Self {
        Self {
            device: client.device().to_owned(),
            product: client.product().cloned(),
            remembered: client.is_remembered(),
            recognitions: Vec::new(),
            origin: None,
        }
    }
}

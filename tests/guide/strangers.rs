page!("strangers");

use selfsame_world::{World, refused, signed_in};

#[test]
fn a_cookie_keeps_strangers_from_delaying_anybody() {
    let world = World::new();
    let (ada, grace) = (world.ada(), world.person("grace@example.org", crate::PASSWORD));
    let sign_in = |cookie: &str, person: &selfsame_world::Person| {
        let request = Request { cookie, origin: "203.0.113.0/24" };
        let (flow, cookie) =
            sign_in(world.engine(), &request, &person.email, &person.password.as_str().into()).unwrap();
        signed_in(flow);
        cookie
    };
    let one = sign_in("", &ada).unwrap();
    let both = sign_in(&one, &grace).unwrap();
    for _ in 0..5 {
        refused(world.sign_in(&ada.email, "a wrong password"));
    }
    assert_eq!(sign_in(&both, &ada), None, "the cookie stays as it is");
    assert_eq!(kept(&both).len(), 2);
    assert!(kept("no cookie of ours").is_empty());
}

//! Concurrent callers (SPEC 1.3, 4.6, 12.3).

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Condvar, Mutex};
use std::thread;

use selfsame::{
    AddressStep, Answer, Client, EmailProof, Error, HashCost, HashFailed, Hasher, MethodKind, PasswordRule,
    Refusal, Step,
};
use selfsame_world::{CountingHasher, DONE, Identity, World, refused, signed_in};

const PASSWORD: &str = "correct horse battery staple";

/// Holds every hash until all callers are hashing, so that all of them read the account before the first of
/// them writes it.
struct AllAtOnce {
    callers: AtomicUsize,
    inside: Mutex<usize>,
    all: Condvar,
    hasher: CountingHasher,
}

impl AllAtOnce {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            callers: AtomicUsize::new(1),
            inside: Mutex::new(0),
            all: Condvar::new(),
            hasher: CountingHasher::default(),
        })
    }

    fn expect(&self, callers: usize) {
        self.callers.store(callers, Ordering::SeqCst);
        *self.inside.lock().unwrap() = 0;
    }
}

impl Hasher for AllAtOnce {
    fn derive(
        &self,
        cost: HashCost,
        password: &[u8],
        salt: &[u8; 16],
        pepper: &[u8; 32],
    ) -> Result<[u8; 32], HashFailed> {
        let mut inside = self.inside.lock().unwrap();
        *inside += 1;
        self.all.notify_all();
        let callers = self.callers.load(Ordering::SeqCst);
        drop(self.all.wait_while(inside, |inside| *inside < callers).unwrap());
        self.hasher.derive(cost, password, salt, pepper)
    }
}

#[test]
fn r12_3_parallel_guesses_stay_within_the_limit() {
    const CALLERS: usize = 24;
    let hasher = AllAtOnce::new();
    let world = World::builder().hasher(hasher.clone()).build();
    let ada = world.ada();
    hasher.expect(CALLERS);
    // One guess is right and may come too late. After the fifth failure, no answer may depend on the guess.
    let outcomes: Vec<_> = thread::scope(|scope| {
        let guesses: Vec<_> = (0..CALLERS)
            .map(|guess| {
                let (world, email) = (&world, &ada.email);
                scope.spawn(move || world.sign_in(email, &format!("guess number {guess}")))
            })
            .collect();
        guesses.into_iter().map(|guess| guess.join().unwrap()).collect()
    });
    let count = |wanted: fn(&Refusal) -> bool| {
        outcomes
            .iter()
            .filter(|outcome| matches!(outcome, Err(Error::Refused(refusal)) if wanted(refusal)))
            .count()
    };
    assert_eq!(
        hasher.hasher.hashes() as usize,
        CALLERS + 1,
        "every guess was hashed before the first was counted"
    );
    assert_eq!(count(|refusal| *refusal == Refusal::InvalidCredentials), 5);
    assert_eq!(count(|refusal| matches!(refusal, Refusal::Throttled { .. })), CALLERS - 5);
    let tried: u32 = world
        .account(&ada)
        .activity()
        .unwrap()
        .iter()
        .filter(|kept| kept.event.action.code() == "PasswordTried")
        .map(|kept| kept.event.count)
        .sum();
    assert_eq!(tried, 5);
}

#[test]
fn r12_3_parallel_codes_stay_within_the_limit() {
    let world = World::new();
    let asked = world.sign_up("ada@example.org", PASSWORD);
    let code = world.mailbox().code("ada@example.org").unwrap();
    let start = Barrier::new(16);
    let right = thread::scope(|scope| {
        let guesses: Vec<_> = (0..16)
            .map(|guess| {
                let (world, asked, code, start) = (&world, &asked, &code, &start);
                scope.spawn(move || {
                    let wrong = guess < 8;
                    let answer = if wrong { "00000000".into() } else { code.clone() };
                    start.wait();
                    world.answer(asked, Answer::Code(answer))
                })
            })
            .collect();
        guesses
            .into_iter()
            .filter_map(|guess| guess.join().unwrap().ok())
            .filter(|done| matches!(done.step, Step::SignedIn { .. }))
            .count()
    });
    assert!(right <= 1, "one code gives at most one account and one token: {right}");
}

#[test]
fn r4_6_four_callers_with_slow_hashes_on_one_account_do_not_conflict() {
    let hasher = AllAtOnce::new();
    let world = World::builder().hasher(hasher.clone()).build();
    let ada = world.ada();
    for round in 1..=50 {
        hasher.expect(4);
        thread::scope(|scope| {
            let callers: Vec<_> = (0..4)
                .map(|_| scope.spawn(|| signed_in(world.sign_in(&ada.email, PASSWORD).unwrap())))
                .collect();
            callers.into_iter().for_each(|caller| assert_eq!(caller.join().unwrap().account, ada.account));
        });
        // Each caller made one hash, so none started again.
        assert_eq!(hasher.hasher.hashes(), 1 + 4 * round);
    }
}

/// Writes to the store while a hash is made.
#[derive(Default)]
struct WritesMeanwhile(Mutex<Option<Box<dyn FnOnce() + Send>>>, CountingHasher);

impl Hasher for WritesMeanwhile {
    fn derive(
        &self,
        cost: HashCost,
        password: &[u8],
        salt: &[u8; 16],
        pepper: &[u8; 32],
    ) -> Result<[u8; 32], HashFailed> {
        // The lock is free again while it runs, because it may hash too.
        let meanwhile = self.0.lock().unwrap().take();
        if let Some(meanwhile) = meanwhile {
            meanwhile();
        }
        self.1.derive(cost, password, salt, pepper)
    }
}

#[test]
fn r4_6_hashing_holds_no_transaction() {
    let hasher = Arc::new(WritesMeanwhile::default());
    let world = World::builder().hasher(hasher.clone()).build();
    let ada = world.ada();
    let engine = world.engine().clone();
    let before = world.engine().commits().unwrap();
    let x = "x".parse::<selfsame::ProviderId>().unwrap();
    *hasher.0.lock().unwrap() = Some(Box::new(move || {
        // Runs on the hashing thread: a transaction would refuse this call, and a lock would block it for
        // ever.
        engine.begin_federated(&x, &Client::on("laptop")).unwrap();
    }));
    signed_in(world.sign_in(&ada.email, PASSWORD).unwrap());
    assert_eq!(world.engine().commits().unwrap(), before + 2);
}

#[test]
fn r1_3_if_two_devices_claim_one_identity_one_wins() {
    for round in 0..20 {
        let world = World::builder().seed(round).build();
        // Both flows are at the last step. The identity's address waits for a decision, and no account has it
        // yet.
        let first = world.x_identity("815", Some("ada@example.org"));
        let second = world.x_identity("815", Some("ada@example.org"));
        let start = Barrier::new(2);
        let outcomes: Vec<_> = thread::scope(|scope| {
            let devices = [&first, &second].map(|asked| {
                let (world, start) = (&world, &start);
                scope.spawn(move || {
                    start.wait();
                    world.answer(asked, Answer::Skip)
                })
            });
            devices.into_iter().map(|device| device.join().unwrap()).collect()
        });
        let winners = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
        let losers = outcomes
            .iter()
            .filter(|outcome| matches!(outcome, Err(Error::Refused(Refusal::IdentityInUse))))
            .count();
        assert_eq!((winners, losers), (1, 1), "round {round}: {outcomes:?}");
    }
}

#[test]
fn concurrent_sign_ins_share_commits_and_none_is_lost() {
    const CALLERS: usize = 32;
    let world = World::new();
    let people: Vec<_> =
        (0..CALLERS).map(|n| world.person(&format!("person{n}@example.org"), PASSWORD)).collect();
    let before = world.engine().commits().unwrap();
    let start = Barrier::new(CALLERS);
    thread::scope(|scope| {
        for person in &people {
            let (world, start) = (&world, &start);
            scope.spawn(move || {
                start.wait();
                for _ in 0..10 {
                    signed_in(world.sign_in(&person.email, PASSWORD).unwrap());
                }
            });
        }
    });
    let commits = world.engine().commits().unwrap() - before;
    assert!(commits <= 320, "{commits}");
    for person in &people {
        let account = world.account(person);
        assert_eq!(account.sessions().unwrap().len(), 11);
        assert!(account.verify_audit().unwrap());
    }
}

/// The password is compared with the marked ones outside of the act, so a mark in between must be noticed.
#[test]
fn r4_10_a_password_that_is_marked_while_it_is_hashed_is_not_taken() {
    let known = Refusal::InvalidPassword { rule: PasswordRule::Compromised };

    // In a change of the password.
    let hasher = Arc::new(WritesMeanwhile::default());
    let world = World::builder().hasher(hasher.clone()).build();
    let ada = world.ada();
    let account = world.account(&ada);
    let (engine, password) = (world.engine().clone(), account.view().unwrap().methods[0].id);
    assert_eq!(
        world.add(&account, &Identity::at("x", "1815").with_email("ada@example.org")).unwrap().step,
        DONE
    );
    let by_x = signed_in(
        world
            .present(&Identity::at("x", "1815").with_email("ada@example.org"), selfsame::Intent::SignIn)
            .unwrap(),
    );
    let account = world.engine().account(&by_x.token).unwrap();
    *hasher.0.lock().unwrap() =
        Some(Box::new(move || engine.mark_compromised(ada.account, password).unwrap()));
    assert_eq!(refused(account.change_password(&PASSWORD.into(), &PASSWORD.into())), known);

    // In a new password method: another session adds the same password, which is marked and removed.
    account.remove_method(password).unwrap();
    let new = "another horse battery staple";
    let (engine, other, email) = (world.engine().clone(), account.clone(), ada.email.clone());
    *hasher.0.lock().unwrap() = Some(Box::new(move || {
        other.add_password(&email, &new.into()).unwrap();
        let methods = other.view().unwrap().methods;
        let password = methods.iter().find(|method| method.kind == MethodKind::Password).unwrap().id;
        engine.mark_compromised(ada.account, password).unwrap();
        other.remove_method(password).unwrap();
    }));
    assert_eq!(refused(account.add_password(&ada.email, &new.into())), known);

    // In a review.
    let hasher = Arc::new(WritesMeanwhile::default());
    let policy = World::policy().email_proof(EmailProof::Later).build().unwrap();
    let world = World::builder().hasher(hasher.clone()).policy(policy).build();
    let ada = signed_in(world.sign_up("ada@example.org", PASSWORD));
    let account = world.engine().account(&ada.token).unwrap();
    let password = account.view().unwrap().methods[0].id;
    assert_eq!(world.add(&account, &Identity::at("x", "1815")).unwrap().step, DONE);
    let by_x = signed_in(world.present(&Identity::at("x", "1815"), selfsame::Intent::SignIn).unwrap());
    let account = world.engine().account(&by_x.token).unwrap();
    account.verify_address("ada@example.org").unwrap();
    let step = world.prove_address(&account, "ada@example.org").unwrap();
    assert!(matches!(step, AddressStep::ReviewMethods { .. }), "{step:?}");
    let engine = world.engine().clone();
    *hasher.0.lock().unwrap() =
        Some(Box::new(move || engine.mark_compromised(ada.account, password).unwrap()));
    assert_eq!(refused(account.review(&[password], false, Some(&PASSWORD.into()))), known);
}

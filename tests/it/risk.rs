//! Signs of risk, and what follows from them.

use std::net::IpAddr;

use hallpass::Assessment;
use hallpass::ClientFacts;
use hallpass::Elevation;
use hallpass::EndReason;
use hallpass::EventKind;
use hallpass::Impersonation;
use hallpass::Network;
use hallpass::Presented;
use hallpass::RefusedToken;
use hallpass::Requirement;
use hallpass::RiskAnswer;
use hallpass::RiskAssessor;
use hallpass::RiskSignals;
use hallpass::RiskSigns;
use hallpass::Session;
use hallpass::SessionManager;
use hallpass::SessionToken;
use hallpass::StandardRisk;
use hallpass::StoreErrorKind;
use hallpass::StoreOperation;
use hallpass::Unmet;
use hallpass_testkit::Fault;

use crate::world::Client;
use crate::world::World;
use crate::world::id;
use crate::world::minutes;
use crate::world::otp;
use crate::world::seconds;
use crate::world::subject;

const HOME: &str = "192.0.2.1";
const AWAY: &str = "198.51.100.9";

/// A world that assesses in this way.
fn assessing(risk: impl RiskAssessor + 'static) -> World {
    let world = World::new();
    let manager = SessionManager::builder_with_clock(world.store.clone(), world.clock.clone())
        .events(world.events.clone())
        .risk(risk)
        .build()
        .unwrap();
    World { manager, ..world }
}

fn strict() -> StandardRisk {
    let risk = StandardRisk::builder().step_up_from(40).end_from(60);
    risk.build().unwrap()
}

async fn open_as(world: &World, client: &Client, address: &str, agent: &str) -> Session {
    let presented = Presented {
        session: client.session.clone(),
        anonymous: client.anonymous.clone(),
        ..Presented::default()
    };
    let address: Option<IpAddr> = address.parse().ok();
    let facts = ClientFacts::new(address, Some(agent));
    world.manager.open(presented, facts).await.unwrap()
}

fn signs(agent_changed: bool, network_changed: bool) -> RiskSigns {
    let mut signs = RiskSigns::default();
    signs.agent_changed = agent_changed;
    signs.network_changed = network_changed;
    signs
}

fn risk(signs: RiskSigns, score: u8, answer: RiskAnswer) -> EventKind {
    EventKind::Risk {
        signs,
        score,
        answer,
    }
}

/// SES-28: noticed, and soft: nobody is asked for anything.
#[tokio::test]
async fn a_changed_client_is_told_and_let_in() {
    let world = World::new();
    let mut client = Client::logged_in(&world, "alice").await;
    client.visit(&world).await;
    world.events.take();
    for (address, agent, score) in [
        (HOME, "curl/9", 0),
        (AWAY, "curl/8", 20),
        (HOME, "wget/1", 40),
        (AWAY, "wget/1", 60),
    ] {
        world.clock.advance(minutes(2));
        let session = open_as(&world, &client, address, agent).await;
        assert_eq!(id(&session).as_deref(), Some("alice"));
        assert!(!session.demands_step_up());
        assert!(session.is_recently_authenticated(minutes(60)));
        client.close(&session).await;
        let signs = signs(agent == "wget/1", address == AWAY);
        let told = [risk(signs, score, RiskAnswer::Allow)];
        let told = if score == 0 { &[][..] } else { &told };
        assert_eq!(world.events.take(), told, "{address} {agent}");
    }
}

/// SES-28: a phone on the train is told once in a touch step, however busy it is.
#[tokio::test]
async fn what_is_allowed_is_told_once_in_a_touch_step() {
    let world = World::new();
    let client = Client::logged_in(&world, "alice").await;
    let told = async || {
        let session = open_as(&world, &client, AWAY, "curl/8").await;
        drop(session);
        world.events.take().len()
    };
    world.events.take();
    assert_eq!([told().await, told().await], [1, 0]);
    world.clock.advance(seconds(59));
    assert_eq!(told().await, 0);
    world.clock.advance(seconds(1));
    assert_eq!([told().await, told().await], [1, 0]);
    let _worse = open_as(&world, &client, AWAY, "wget/1").await;
    assert_eq!(world.events.take().len(), 1, "the score has risen");
}

/// A visitor has nothing that another could take over.
#[tokio::test]
async fn an_anonymous_session_is_not_assessed() {
    let world = assessing(StandardRisk::builder().end_from(1).build().unwrap());
    let mut client = Client::new();
    let session = client.open(&world).await;
    session.insert("n", 1).unwrap();
    client.close(&session).await;
    world.events.take();
    let session = open_as(&world, &client, AWAY, "wget/1").await;
    assert!(session.handle().is_some());
    assert_eq!(world.events.take(), []);
}

/// SES-28, step-up: nothing counts as recent until this client has authenticated.
#[tokio::test]
async fn a_demanded_step_up_lasts_until_a_raise_from_the_client() {
    let world = assessing(strict());
    let mut client = Client::logged_in(&world, "alice").await;
    client.visit(&world).await;
    world.events.take();
    for _ in 0..2 {
        let session = open_as(&world, &client, HOME, "wget/1").await;
        assert_eq!(id(&session).as_deref(), Some("alice"));
        assert!(session.demands_step_up());
        assert!(!session.is_recently_authenticated(minutes(60)));
        assert!(session.detach().demands_step_up());
        client.close(&session).await;
        let told = risk(signs(true, false), 40, RiskAnswer::StepUp);
        assert_eq!(world.events.take(), [told], "each time");
    }
    let session = open_as(&world, &client, HOME, "wget/1").await;
    session.raise(otp()).await.unwrap();
    assert!(!session.demands_step_up());
    assert!(session.is_recently_authenticated(minutes(60)));
    client.close(&session).await;
    world.events.take();
    let session = open_as(&world, &client, HOME, "wget/1").await;
    assert!(!session.demands_step_up());
    assert_eq!(world.events.take(), []);
    let session = open_as(&world, &client, HOME, "curl/8").await;
    assert!(
        session.demands_step_up(),
        "it belongs to the client that authenticated last"
    );
}

/// An elevation is an authentication; acting for somebody is none.
#[tokio::test]
async fn an_elevation_ends_a_demand_and_an_impersonation_does_not() {
    let world = assessing(strict());
    let mut client = Client::logged_in(&world, "alice").await;
    client.visit(&world).await;
    let session = open_as(&world, &client, HOME, "wget/1").await;
    let ask = Requirement::login().right("admin");
    let demanded = Err(Unmet::StepUp {
        level: None,
        max_age: Some(seconds(0)),
    });
    assert_eq!(session.check(&ask), demanded);
    assert_eq!(session.check(&Requirement::login()), Ok(()));
    let acting = Impersonation::of(subject("bob"), "a question");
    session.impersonate(acting).await.unwrap();
    assert!(session.demands_step_up());
    session.end_impersonation().await.unwrap();
    client.close(&session).await;
    let session = open_as(&world, &client, HOME, "wget/1").await;
    assert_eq!(session.check(&ask), demanded);
    let elevation = Elevation::new(otp()).right("admin");
    session.elevate(elevation).await.unwrap();
    assert_eq!(session.check(&ask), Ok(()));
    client.close(&session).await;
    let session = open_as(&world, &client, HOME, "wget/1").await;
    assert!(!session.demands_step_up());
}

/// A raise elsewhere does not vouch for this client.
#[tokio::test]
async fn a_raise_of_another_client_satisfies_no_demand() {
    let world = assessing(strict());
    let mut client = Client::logged_in(&world, "alice").await;
    client.step_up(&world).await;
    let session = open_as(&world, &client, HOME, "wget/1").await;
    assert!(session.demands_step_up());
    let _renewal = session.renew().unwrap();
    session.insert("n", 1).unwrap();
    session.save().await.unwrap();
    assert!(session.demands_step_up(), "a write is no authentication");
}

#[tokio::test]
async fn a_raise_keeps_the_name_of_the_device() {
    let world = World::new();
    let mut client = Client::new();
    let session = client.open(&world).await;
    let login = crate::world::login("alice").label("office");
    let _outcome = session.login(login).await.unwrap();
    client.close(&session).await;
    let session = open_as(&world, &client, AWAY, "wget/1").await;
    session.raise(otp()).await.unwrap();
    let listed = world.manager.list(&session.subject().unwrap()).await;
    let shown = listed.unwrap().remove(0).client;
    let expected = ClientFacts::new(AWAY.parse().ok(), Some("wget/1")).with_label("office");
    assert_eq!(shown, expected);
}

/// SES-28, end: before the handler sees the session, and for both.
#[tokio::test]
async fn a_session_in_other_hands_ends_if_that_was_chosen() {
    let world = assessing(strict());
    let mut client = Client::logged_in(&world, "alice").await;
    client.visit(&world).await;
    world.events.take();
    world.operations();
    let session = open_as(&world, &client, AWAY, "wget/1").await;
    assert_eq!(
        (id(&session), session.handle(), session.end_reason()),
        (None, None, Some(EndReason::Risk))
    );
    assert_eq!(
        world.operations(),
        [
            StoreOperation::Load,
            StoreOperation::End,
            StoreOperation::Publish
        ]
    );
    assert_eq!(
        world.events.take(),
        [
            risk(signs(true, true), 60, RiskAnswer::End),
            EventKind::Ended(EndReason::Risk),
        ]
    );
    let session = client.open(&world).await;
    assert_eq!(session.end_reason(), Some(EndReason::Risk));
}

/// SES-28: no lockout by address alone, whatever the thresholds are.
#[tokio::test]
async fn another_network_alone_ends_nothing() {
    let world = assessing(StandardRisk::builder().end_from(1).build().unwrap());
    let client = Client::logged_in(&world, "alice").await;
    let session = open_as(&world, &client, AWAY, "curl/8").await;
    assert_eq!(id(&session).as_deref(), Some("alice"));
    assert!(session.demands_step_up());
}

/// A store that cannot end the session lets nobody into it.
#[tokio::test]
async fn a_session_that_can_not_be_ended_is_not_opened() {
    let world = assessing(strict());
    let client = Client::logged_in(&world, "alice").await;
    // A call that failed is repeated once.
    for _ in 0..2 {
        let down = Fault::Fail(StoreErrorKind::Unavailable);
        world.faults.script(StoreOperation::End, down);
    }
    let presented = Presented {
        session: client.session.clone(),
        ..Presented::default()
    };
    let facts = ClientFacts::new(AWAY.parse().ok(), Some("wget/1"));
    assert!(world.manager.open(presented, facts).await.is_err());
}

/// The verdicts that are signs of risk count as such.
#[tokio::test]
async fn a_late_repair_is_a_sign() {
    let world = World::new();
    let mut client = Client::logged_in(&world, "alice").await;
    client.visit(&world).await;
    world.clock.advance(minutes(16));
    let lost = client.open(&world).await;
    let _lost = lost.finish(false).await;
    world.clock.advance(minutes(3));
    world.events.take();
    drop(client.open(&world).await);
    let mut late = RiskSigns::default();
    late.late_repair = true;
    assert_eq!(
        world.events.take(),
        [
            EventKind::Repaired { late: true },
            risk(late, 20, RiskAnswer::Allow),
        ]
    );
}

fn wrong(number: u8) -> Presented {
    Presented {
        session: SessionToken::parse(&[b'A' + number % 26; 64]).ok(),
        ..Presented::default()
    }
}

fn refused(reason: RefusedToken) -> Presented {
    Presented {
        refused: vec![reason],
        ..Presented::default()
    }
}

/// SES-29.
#[tokio::test]
async fn a_hundred_wrong_tokens_of_one_network_are_told_once() {
    let world = World::new();
    let client = Client::logged_in(&world, "alice").await;
    world.events.take();
    let send = async |presented: Presented, host: u8| {
        let facts = ClientFacts::new(Some([203, 0, 113, host].into()), Some("bot/1"));
        drop(world.manager.open(presented, facts).await.unwrap());
    };
    for number in 0..99 {
        let presented = match number % 3 {
            0 => refused(RefusedToken::Malformed),
            1 => refused(RefusedToken::Ambiguous),
            _ => wrong(number),
        };
        send(presented, number).await;
        send(refused(RefusedToken::Insecure), number).await;
    }
    assert!(!has_many(&world.events.take()));
    send(wrong(0), 200).await;
    assert!(has_many(&world.events.take()));
    for number in 0..200 {
        send(wrong(number), number).await;
    }
    assert!(!has_many(&world.events.take()), "once in a minute");
    let session = open_as(&world, &client, "203.0.113.77", "curl/8").await;
    let mut neighbor = signs(false, true);
    neighbor.unknown_tokens = 300;
    assert_eq!(
        world.events.take(),
        [risk(neighbor, 40, RiskAnswer::Allow)],
        "who comes from there is told, and let in"
    );
    drop(session);
    world.clock.advance(minutes(1));
    for number in 0..100 {
        send(wrong(number), number).await;
    }
    assert!(has_many(&world.events.take()), "and again in the next");
}

fn has_many(kinds: &[EventKind]) -> bool {
    kinds.contains(&EventKind::ManyUnknown { count: 100 })
}

/// What an assessor of one's own learns.
#[tokio::test]
async fn an_assessor_sees_who_it_is_and_both_clients() {
    #[derive(Debug)]
    struct Nosy;

    impl RiskAssessor for Nosy {
        fn assess(&self, signals: &RiskSignals<'_>) -> Assessment {
            assert_eq!(signals.subject().id(), "alice");
            let methods = signals
                .authentication()
                .map(|known| known.methods().to_vec());
            assert_eq!(methods, Some(vec!["pwd".to_owned()]));
            let home = Network::of(HOME.parse().unwrap());
            assert_eq!(signals.recorded().network(), Some(home));
            match signals.present().network() {
                Some(network) if network == home => Assessment::default(),
                _ => Assessment::new(200, RiskAnswer::End),
            }
        }
    }

    let world = assessing(Nosy);
    let mut client = Client::logged_in(&world, "alice").await;
    client.visit(&world).await;
    world.events.take();
    let session = open_as(&world, &client, AWAY, "curl/8").await;
    assert_eq!(session.end_reason(), Some(EndReason::Risk));
    assert_eq!(
        world.events.take().first(),
        Some(&risk(signs(false, true), 100, RiskAnswer::End))
    );
}

/// A reason that a later version has added is read by its word.
#[test]
fn a_session_that_ended_by_risk_is_told_from_others_by_its_word() {
    let bytes = EndReason::Risk.encode();
    assert_eq!(EndReason::decode(&bytes).unwrap(), EndReason::Risk);
    assert_eq!(EndReason::Risk.to_string(), "risk");
    let text = format!("{:?}", EventKind::ManyUnknown { count: 100 });
    assert_eq!(text, "ManyUnknown { count: 100 }");
}

use std::collections::HashSet;

use super::*;

fn subject(id: &str) -> Subject {
    Subject::new(id).unwrap()
}

fn member(tenant: &str, id: &str) -> Subject {
    Subject::of_tenant(tenant, id).unwrap()
}

const HANDLE: SessionHandle =
    SessionHandle::from_bytes([0x12, 0x34, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);

#[test]
fn one_server_has_one_bucket() {
    let keys = Keys::new("app", None, false);
    let bucket = keys.bucket_of(HANDLE);
    assert_eq!(bucket.session(HANDLE), "app:{0}:s:EjQCAwQFBgcICQoLDA0ODw");
    assert_eq!(bucket.epochs(), "app:{0}:e");
    assert_eq!(bucket.mark(), "app:{0}:g");
    assert_eq!(bucket.alike(HandleTag::of(HANDLE)), "app:{0}:h:Ej");
    assert_eq!(keys.buckets().collect::<Vec<_>>(), [bucket]);
    assert_eq!(keys.channel(), "app:{0}:feed");
}

#[test]
fn a_cluster_has_a_bucket_for_ten_bits_of_the_tag() {
    let keys = Keys::new("app", None, true);
    assert_eq!(keys.bucket_of(HANDLE).epochs(), "app:{564}:e");
    let buckets: HashSet<String> = keys.buckets().map(|bucket| bucket.epochs()).collect();
    assert_eq!(buckets.len(), 1_024);
    assert!(buckets.contains("app:{564}:e"));
}

/// What the scripts do to find the keys of a bucket.
#[test]
fn every_key_of_a_bucket_begins_as_that_of_the_epochs() {
    let bucket = Keys::new("app", None, false).bucket_of(HANDLE);
    let base = bucket.epochs().strip_suffix('e').unwrap().to_owned();
    let alice = subject("alice");
    for key in [
        bucket.session(HANDLE),
        bucket.index(&alice),
        bucket.epoch(&alice),
        bucket.mark(),
        bucket.alike(HandleTag::of(HANDLE)),
    ] {
        assert!(key.starts_with(&base), "{key}");
    }
    let handle = HANDLE.to_string();
    assert!(bucket.session(HANDLE).ends_with(&handle));
    assert!(bucket.alike(HandleTag::of(HANDLE)).ends_with(&handle[..2]));
}

#[test]
fn a_session_with_the_tag_of_its_subject_is_in_the_subjects_bucket() {
    let keys = Keys::new("app", None, true);
    for n in 0..1_000 {
        let alice = subject(&format!("alice {n}"));
        let handle = keys.tag(&alice).put_on(HANDLE);
        assert_eq!(keys.bucket_of(handle), keys.bucket_of_subject(&alice));
    }
}

/// Race 46.
#[test]
fn subjects_that_differ_have_names_that_differ() {
    let subjects = [
        subject("alice"),
        subject("acme/alice"),
        member("acme", "alice"),
        member("acm", "ealice"),
        member("alice", "acme"),
        member("acme/", "alice"),
        member("acme", "/alice"),
    ];
    let names: HashSet<String> = subjects.iter().map(subject_name).collect();
    assert_eq!(names.len(), subjects.len());
    assert!(names.iter().all(|name| name.len() == NAME_CHARS));
}

#[test]
fn a_spelled_subject_is_read_again() {
    let longest = "\u{e9}".repeat(127);
    for subject in [
        subject("alice"),
        subject(&longest),
        member("acme", "alice"),
        member(&longest, &longest),
    ] {
        assert_eq!(read(&spelled(&subject)), Some(subject));
    }
}

#[test]
fn what_is_no_subject_is_not_read() {
    let spelled = spelled(&member("acme", "alice"));
    for end in 0..spelled.len() {
        assert_eq!(read(&spelled[..end]), None, "{end}");
    }
    let mut more = spelled.clone();
    more.push(0);
    assert_eq!(read(&more), None);
    assert_eq!(read(&[2, 1, b'a']), None);
    assert_eq!(read(&[0, 0]), None);
    assert_eq!(read(&[0, 1, 0xff]), None);
}

#[test]
fn the_tag_depends_on_the_key_and_on_nothing_else() {
    let alice = subject("alice");
    let tag = |prefix, key: Option<&[u8]>| Keys::new(prefix, key, false).tag(&alice);
    assert_eq!(tag("app", None), tag("app", None));
    assert_ne!(tag("app", None), tag("other", None));
    assert_ne!(tag("app", None), tag("app", Some(b"secret")));
    assert_eq!(tag("app", Some(b"secret")), tag("other", Some(b"secret")));
    let cluster = Keys::new("app", None, true);
    assert_eq!(cluster.tag(&alice), tag("app", None));
}

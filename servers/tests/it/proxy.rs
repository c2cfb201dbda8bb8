use std::io::ErrorKind;
use std::io::Read;
use std::io::Write;
use std::net::TcpListener;
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use hallpass_servers::Proxy;
use hallpass_servers::eventually;

/// A server that answers each byte with two of it, behind a proxy.
fn doubling() -> Proxy {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || {
        for stream in listener.incoming() {
            thread::spawn(move || {
                let mut stream = stream.unwrap();
                let mut byte = [0];
                while stream.read_exact(&mut byte).is_ok() {
                    let [byte] = byte;
                    if stream.write_all(&[byte, byte]).is_err() {
                        return;
                    }
                }
            });
        }
    });
    Proxy::in_front_of(&address).unwrap()
}

fn client(proxy: &Proxy) -> TcpStream {
    let stream = TcpStream::connect(proxy.url()).unwrap();
    // A test that fails does not hang.
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    stream
}

/// What comes for this request, at most so many bytes, until the connection ends.
fn ask(stream: &mut TcpStream, request: &[u8], expected: usize) -> Vec<u8> {
    stream.write_all(request).unwrap();
    receive(stream, expected)
}

fn receive(stream: &mut TcpStream, expected: usize) -> Vec<u8> {
    let mut answer = Vec::new();
    let mut byte = [0];
    while answer.len() < expected {
        match stream.read(&mut byte) {
            Ok(0) => break,
            Ok(_) => answer.extend(byte),
            Err(error) if error.kind() == ErrorKind::ConnectionReset => break,
            Err(error) => panic!("{error}"),
        }
    }
    answer
}

#[test]
fn a_proxy_forwards_and_counts_both_ways() {
    let proxy = doubling();
    let mut stream = client(&proxy);

    assert_eq!(ask(&mut stream, b"abc", 6), b"aabbcc");

    assert_eq!((proxy.bytes_to_server(), proxy.bytes_to_client()), (3, 6));
    assert_eq!(proxy.connections(), 1);
}

#[test]
fn the_end_of_a_stream_is_forwarded() {
    let proxy = doubling();
    let mut stream = client(&proxy);
    stream.write_all(b"ab").unwrap();

    stream.shutdown(std::net::Shutdown::Write).unwrap();

    assert_eq!(receive(&mut stream, 100), b"aabb");
    eventually("the connection is gone", || proxy.connections() == 0).unwrap();
}

#[test]
fn a_cut_ends_all_connections_and_not_the_next() {
    let proxy = doubling();
    let mut streams = [client(&proxy), client(&proxy)];
    for stream in &mut streams {
        assert_eq!(ask(stream, b"a", 2), b"aa");
    }

    proxy.cut();

    assert_eq!(
        streams.map(|mut stream| receive(&mut stream, 1)),
        [b"", b""]
    );
    assert_eq!(proxy.connections(), 0);
    assert_eq!(ask(&mut client(&proxy), b"b", 2), b"bb");
}

#[test]
fn a_request_is_cut_in_its_middle() {
    let proxy = doubling();
    let mut stream = client(&proxy);
    assert_eq!(ask(&mut stream, b"a", 2), b"aa");

    proxy.cut_after_bytes_to_server(3);
    let answer = ask(&mut stream, b"bcdef", 10);

    assert!(b"bbccdd".starts_with(&answer), "{answer:?}");
    assert_eq!(proxy.bytes_to_server(), 4);
    assert_eq!(ask(&mut client(&proxy), b"gh", 4), b"gghh");
}

#[test]
fn an_answer_is_cut_in_its_middle() {
    let proxy = doubling();
    let mut stream = client(&proxy);

    proxy.cut_after_bytes_to_client(3);

    assert_eq!(ask(&mut stream, b"abc", 6), b"aab");
    assert_eq!((proxy.bytes_to_server(), proxy.bytes_to_client()), (3, 3));
}

#[test]
fn an_answer_is_lost_and_the_request_is_not() {
    let proxy = doubling();
    let mut stream = client(&proxy);

    proxy.cut_after_bytes_to_client(0);

    assert_eq!(ask(&mut stream, b"abc", 6), b"");
    assert_eq!((proxy.bytes_to_server(), proxy.bytes_to_client()), (3, 0));
}

#[test]
fn a_cut_in_one_connection_cuts_the_others() {
    let proxy = doubling();
    let (mut first, mut second) = (client(&proxy), client(&proxy));
    assert_eq!(ask(&mut first, b"a", 2), b"aa");
    assert_eq!(ask(&mut second, b"b", 2), b"bb");

    proxy.cut_after_bytes_to_server(1);
    first.write_all(b"c").unwrap();

    assert_eq!(receive(&mut second, 1), b"");
}

#[test]
fn a_hanging_proxy_takes_connections_and_forwards_when_healed() {
    let proxy = doubling();
    let mut before = client(&proxy);
    assert_eq!(ask(&mut before, b"a", 2), b"aa");

    proxy.hang();
    let mut meanwhile = client(&proxy);
    before.write_all(b"b").unwrap();
    meanwhile.write_all(b"c").unwrap();
    eventually("both are taken", || proxy.connections() == 2).unwrap();
    before
        .set_read_timeout(Some(Duration::from_millis(50)))
        .unwrap();
    let error = before.read(&mut [0]).unwrap_err();
    before
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    proxy.heal().unwrap();

    assert!(matches!(
        error.kind(),
        ErrorKind::WouldBlock | ErrorKind::TimedOut
    ));
    assert_eq!(receive(&mut before, 2), b"bb");
    assert_eq!(receive(&mut meanwhile, 2), b"cc");
}

#[test]
fn a_hanging_connection_can_be_cut() {
    let proxy = doubling();
    let mut stream = client(&proxy);
    proxy.hang();
    stream.write_all(b"a").unwrap();
    eventually("it is taken", || proxy.connections() == 1).unwrap();

    proxy.cut();

    assert_eq!(receive(&mut stream, 2), b"");
    assert_eq!(proxy.bytes_to_server(), 0);
}

#[test]
fn a_refusing_proxy_refuses_only_new_connections_until_healed() {
    let proxy = doubling();
    let mut before = client(&proxy);
    assert_eq!(ask(&mut before, b"a", 2), b"aa");

    proxy.refuse();

    let error = TcpStream::connect(proxy.url()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    assert_eq!(ask(&mut before, b"b", 2), b"bb");
    proxy.heal().unwrap();
    assert_eq!(ask(&mut client(&proxy), b"c", 2), b"cc");
}

#[test]
fn a_delay_holds_pieces_back_until_healed() {
    let proxy = doubling();
    let mut stream = client(&proxy);
    proxy.delay(Duration::from_secs(600));
    stream.write_all(b"a").unwrap();
    stream
        .set_read_timeout(Some(Duration::from_millis(50)))
        .unwrap();

    let while_delayed = stream.read(&mut [0]);
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    proxy.heal().unwrap();

    assert!(while_delayed.is_err(), "{while_delayed:?}");
    assert_eq!(receive(&mut stream, 2), b"aa");
}

#[test]
fn a_short_delay_passes() {
    let proxy = doubling();
    proxy.delay(Duration::from_millis(5));

    assert_eq!(ask(&mut client(&proxy), b"a", 2), b"aa");
}

#[test]
fn a_client_of_a_server_that_does_not_run_is_cut_off() {
    let proxy = Proxy::in_front_of("127.0.0.1:1").unwrap();
    let mut stream = client(&proxy);

    assert_eq!(receive(&mut stream, 1), b"");
}

#[test]
fn a_dropped_proxy_cuts_and_refuses() {
    let proxy = doubling();
    let mut stream = client(&proxy);
    assert_eq!(ask(&mut stream, b"a", 2), b"aa");
    let address = proxy.url();

    drop(proxy);

    assert_eq!(receive(&mut stream, 1), b"");
    let error = TcpStream::connect(address).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
}

//! One question to a Redis server, for what its tests and its start must know.

use std::io;
use std::io::BufRead;
use std::io::BufReader;
use std::io::Read;
use std::io::Write;
use std::net::Ipv4Addr;
use std::net::TcpStream;
use std::time::Duration;

/// Sends one command, and returns the answer, if it is a text or a number.
pub(crate) fn ask(port: u16, command: &[&str]) -> io::Result<String> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(&request(command))?;
    answer(&mut BufReader::new(stream))
}

fn request(command: &[&str]) -> Vec<u8> {
    let mut request = format!("*{}\r\n", command.len());
    for word in command {
        request.push_str(&format!("${}\r\n{word}\r\n", word.len()));
    }
    request.into_bytes()
}

fn answer(stream: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    stream.read_line(&mut line)?;
    let line = line.trim_end();
    let invalid = || io::Error::other(format!("not an answer: {line}"));
    match line.split_at_checked(1) {
        Some(("+" | ":", text)) => Ok(text.to_owned()),
        Some(("$", length)) => {
            let length: u64 = length.parse().map_err(|_| invalid())?;
            let mut text = String::new();
            stream.take(length).read_to_string(&mut text)?;
            Ok(text)
        }
        _ => Err(invalid()),
    }
}

const PATIENCE: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_an_array_of_texts() {
        assert_eq!(
            request(&["PING", "a b"]),
            b"*2\r\n$4\r\nPING\r\n$3\r\na b\r\n"
        );
    }

    #[test]
    fn texts_and_numbers_are_answers_and_errors_are_not() {
        let read = |mut bytes: &[u8]| answer(&mut bytes).ok();

        assert_eq!(read(b"+PONG\r\n"), Some(String::from("PONG")));
        assert_eq!(read(b":7\r\n"), Some(String::from("7")));
        assert_eq!(read(b"$4\r\na\r\nb\r\n"), Some(String::from("a\r\nb")));
        assert_eq!(read(b"-ERR no\r\n"), None);
        assert_eq!(read(b""), None);
    }
}

//! A client that this crate makes, on a real socket.

use crate::request;
use dynamorm::ErrorKind;
use dynamorm::transport::{Aws, Operation, Transport};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

/// Answers one request, and gives what came.
fn answer_one(mut connection: TcpStream) -> String {
    connection.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let (mut came, mut buffer) = (Vec::new(), [0; 4096]);
    while !came.ends_with(b"{\"TableName\":\"app\"}") {
        let read = connection.read(&mut buffer).expect("the rest of the request");
        assert_ne!(read, 0, "the client hung up");
        came.extend_from_slice(&buffer[..read]);
    }
    let body = r#"{"Item":{"pk":{"S":"a"}}}"#;
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.0\r\nconnection: close";
    write!(connection, "{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len()).unwrap();
    String::from_utf8(came).unwrap()
}

#[tokio::test]
async fn an_endpoint_needs_no_settings() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || answer_one(listener.accept().unwrap().0));

    let aws = Aws::endpoint(&url).await.unwrap();
    let body = aws.call(request(Operation::GetItem, r#"{"TableName":"app"}"#)).await.unwrap();
    assert_eq!(body, r#"{"Item":{"pk":{"S":"a"}}}"#);

    let came = server.join().unwrap().to_lowercase();
    assert!(came.starts_with("post / http/1.1\r\n"), "{came}");
    assert_eq!(came.matches("content-length:").count(), 1, "{came}");
    assert!(came.contains("authorization: aws4-hmac-sha256"), "{came}");
}

#[tokio::test]
async fn a_bad_endpoint_is_refused_without_showing_it() {
    for url in [
        "",
        "127.0.0.1:8000",
        "localhost",
        "ftp://127.0.0.1",
        "http://",
        "http://a b",
        "https:///x",
        "user:classified",
    ] {
        let error = Aws::endpoint(url).await.expect_err(url);
        assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{url}");
        assert!(!format!("{error:?}").contains("classified"), "{error:?}");
    }
}

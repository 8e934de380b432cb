//! What an operator reads when the service cannot start: one plain text, at once, and a status that is not 0.

use crate::service::{AT_ONCE, Ended, Folder, Service};
use std::net::TcpListener;
use std::time::Duration;

/// Starts the service, which must end by itself, and gives what it said.
fn refused(folder: &Folder, vars: &[(&str, &str)]) -> Ended {
    // A panic would show as much as it can.
    let ended = Service::start(folder, &[vars, &[("RUST_BACKTRACE", "1")]].concat()).ended();
    assert!(!ended.status.success());
    assert!(ended.stderr.starts_with("users: "), "{}", ended.stderr);
    for word in ["panicked", "backtrace", "Error {"] {
        assert!(!ended.stderr.contains(word), "{}", ended.stderr);
    }
    ended
}

/// As `refused`, for what fits into one line.
fn refused_in_one_line(folder: &Folder, vars: &[(&str, &str)]) -> String {
    let said = refused(folder, vars).stderr;
    assert_eq!(said.lines().count(), 1, "{said}");
    said
}

#[test]
fn a_wrong_url_is_answered_with_the_forms() {
    let ended = refused(&Folder::new(), &[("DYNAMORM_URL", "app.db")]);
    assert!(ended.after < AT_ONCE, "{:?}", ended.after);
    for word in ["DYNAMORM_URL", "memory:", "file:./app.db", "http://127.0.0.1:8000", "aws:"] {
        assert!(ended.stderr.contains(word), "{}", ended.stderr);
    }
}

#[test]
fn a_taken_port_is_said_in_one_line() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let said = refused_in_one_line(&Folder::new(), &[("PORT", &port)]);
    assert!(said.contains(&format!("port {port} is in use")), "{said}");
}

#[test]
fn a_port_that_is_none_is_said_in_one_line() {
    for port in ["http", "65536", "-1"] {
        let said = refused_in_one_line(&Folder::new(), &[("PORT", port)]);
        assert!(said.contains("PORT") && said.contains("1 to 65535"), "{said}");
    }
}

#[test]
fn a_file_in_use_by_another_process_is_said_plainly() {
    let folder = Folder::new();
    let mut first = Service::listening(&folder, &[]);
    let said = refused_in_one_line(&folder, &[]);
    assert!(said.contains("users.db") && said.contains("another process has it open"), "{said}");

    // It is free again as soon as that process is gone, in whatever way it went.
    first.kill();
    Service::listening(&folder, &[]);
}

#[test]
fn a_folder_that_is_not_there_is_named() {
    let said = refused_in_one_line(&Folder::new(), &[("DYNAMORM_URL", "file:./nowhere/app.db")]);
    assert!(said.contains("\"./nowhere\"") && said.contains("No such file or directory"), "{said}");
}

#[test]
fn a_file_that_is_no_database_is_left_as_it_is() {
    let folder = Folder::new();
    let notes = folder.path().join("notes.txt");
    std::fs::write(&notes, "not a database, and longer than the header of one").unwrap();
    let said = refused_in_one_line(&folder, &[("DYNAMORM_URL", "file:notes.txt")]);
    assert!(said.contains("notes.txt") && said.contains("it is not a database"), "{said}");
    assert_eq!(std::fs::read(&notes).unwrap(), b"not a database, and longer than the header of one");
}

#[test]
fn an_endpoint_that_does_not_answer_is_said() {
    // Bound and closed again, so that nothing listens there.
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let ended = refused(&Folder::new(), &[("DYNAMORM_URL", &format!("http://{free}"))]);
    assert!(ended.after < Duration::from_secs(10), "{:?}", ended.after);
    assert!(
        ended.stderr.contains("DescribeTable") || ended.stderr.contains("CreateTable"),
        "{}",
        ended.stderr
    );
}

#[test]
fn a_name_that_no_table_can_have_is_answered_with_the_rule() {
    let said = refused_in_one_line(&Folder::new(), &[("DYNAMODB_TABLE", "no spaces")]);
    assert!(said.contains("\"no spaces\"") && said.contains("[a-zA-Z0-9_.-]+"), "{said}");
}

#[test]
fn inside_lambda_no_file_takes_the_place_of_dynamodb() {
    let folder = Folder::new();
    // Behind a web adapter, which polls the runtime API itself, the function's name is all there is.
    let ended = refused(&folder, &[("AWS_LAMBDA_FUNCTION_NAME", "users")]);
    assert!(ended.stderr.contains("no database is set"), "{}", ended.stderr);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

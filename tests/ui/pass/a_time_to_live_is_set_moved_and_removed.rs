use dynamorm::{Condition, Model, Timestamp, Ttl, Update};
use std::time::Duration;

#[derive(Model)]
#[dynamorm(table = "app", pk = "SESSION#{id}")]
struct Session {
    id: String,
    #[dynamorm(ttl = "30d")]
    expires: Option<Ttl>,
}

#[derive(Model)]
#[dynamorm(table = "app", pk = "TOKEN#{id}")]
struct Token {
    id: String,
    #[dynamorm(ttl)]
    until: Timestamp,
}

fn main() {
    let (hour, time) = (Duration::from_secs(3_600), Timestamp::from_epoch_seconds(4_000_000_000));
    let _ = Update::new(Session::key("s1")).set(Session::EXPIRES, hour);
    let _ = Update::new(Session::key("s1")).set(Session::EXPIRES, time);
    let _ = Update::new(Session::key("s1")).set(Session::EXPIRES, Ttl::at(time));
    let _ = Update::new(Session::key("s1")).set(Session::EXPIRES, None);
    let _ = Update::new(Session::key("s1")).set_if_absent(Session::EXPIRES, time);
    let _ = Update::new(Session::key("s1")).remove(Session::EXPIRES);
    let _ = Update::new(Token::key("t1")).remove(Token::UNTIL);
    let _: Condition<Session> = Session::EXPIRES.gt(time) | Session::EXPIRES.eq(Ttl::at(time));
    let _: Condition<Token> = Token::UNTIL.not_exists() | Token::UNTIL.between(time, Ttl::at(time));
}

use dynamorm::{Condition, Update};
use dynamorm_ui::{Order, User};
use std::collections::BTreeSet;

fn main() {
    let owned = String::from("ada");
    let _: Condition<User> = User::NAME.eq("ada").or(User::NAME.eq(&owned)).or(User::NAME.eq(owned.clone()));
    let _: Condition<User> = User::NICKNAME.eq("ada").and(User::NICKNAME.begins_with("a"));
    let _: Condition<User> = User::NICKNAME.ne(&owned).and(!User::NAME.contains("d"));
    let _: Condition<User> = User::CREDITS.between(1, 7) | User::CREDITS.is_in([9, 11]);
    let _: Condition<User> = User::TAGS.contains("new").and(User::ID.exists());
    let _ = Update::new(User::key(&owned))
        .set(User::NICKNAME, User::NICKNAME.or_if_absent("ada"))
        .set(User::CREDITS, User::CREDITS.plus(1))
        .set(User::ACTIVE, true);
    let tags = BTreeSet::from([owned.clone()]);
    let _ = Update::new(User::key("u1")).delete(User::TAGS, &tags);
    let _ = Update::new(User::key("u1")).add(User::TAGS, tags);
    let _ = User::EMAIL_INDEX.partition(&owned);
    let _ = Order::PRIMARY_KEY.partition(owned).le(7);
}

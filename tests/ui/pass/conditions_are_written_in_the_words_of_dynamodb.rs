#![deny(warnings)]

use dynamorm::{Condition, Update, cond};
use dynamorm_ui::User;

mod elsewhere {
    pub(crate) struct Limits {
        pub(crate) low: i64,
    }
}

fn rich(limits: &elsewhere::Limits) -> Condition<dynamorm_ui::User> {
    cond!(dynamorm_ui::User: credits >= {limits.low} AND active = true)
}

fn main() {
    let (amount, prefix, tags) = (5, String::from("ada"), ["new", "old"]);
    let _ = rich(&elsewhere::Limits { low: 3 });
    let _ = cond!(User: credits >= {amount} AND begins_with(email, {&prefix}) AND NOT (address.city = {"Paris"} OR size(tags) > 3));
    let _ = cond!(User: past[0].city BETWEEN "A" AND "B" or labels."env" in ("live", "test"));
    let _ = cond!(User: NOT nickname = {prefix.clone()});
    let _ = cond!(User: contains(tags, {tags[0]}) AND {amount * 2} < credits AND {{ let x = 1; x + amount }} <> credits);
    let _ = Update::new(User::key("u1"))
        .add(User::CREDITS, -1)
        .condition(cond!(User: attribute_exists(id) AND nickname <> name));
}

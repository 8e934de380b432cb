use dynamorm::{Condition, Document, Model, Update, cond};
use dynamorm_ui::Address;

/// A document like any other, wherever it stands.
#[derive(Debug, Clone, Document)]
#[dynamorm(rename_all = "snake_case")]
enum Payment {
    CreditCard {
        last4: String,
        #[dynamorm(rename = "max")]
        most: Option<u32>,
    },
    #[dynamorm(rename = "bill")]
    Invoice(Address),
    Cash,
    Nothing {},
}

/// It may hold itself.
#[derive(Debug, Clone, Document)]
#[dynamorm(tag = "op")]
enum Formula {
    Number { value: i64 },
    Sum { terms: Vec<Self> },
    Negative { of: Box<Formula> },
}

/// A map although nothing is held yet.
#[derive(Debug, Clone, Document)]
#[dynamorm(tag = "kind")]
enum Event {
    Started,
    Stopped,
}

#[derive(Debug, Model)]
#[dynamorm(table = "app", pk = "ORDER#{id}")]
struct Order {
    id: String,
    payment: Payment,
    next: Option<Payment>,
    others: Vec<Payment>,
    formula: Formula,
    last: Option<Event>,
}

fn main() {
    let tag: &str = Payment::TAG.name();
    assert_eq!((tag, Formula::TAG.name(), Payment::CREDIT_CARD_MOST.name()), ("type", "op", "max"));
    let _: Condition<Order> = Order::PAYMENT.dot(Payment::TAG).eq("credit_card")
        & Order::NEXT.dot(Payment::CREDIT_CARD_LAST4).begins_with("42")
        & Order::OTHERS.at(0).dot(Payment::CREDIT_CARD_MOST).lt(7)
        & Order::LAST.dot(Event::TAG).ne("Started");
    let _: Condition<Order> = cond!(Order: payment.tag = "cash" OR next.credit_card_last4 = {"4242"});
    let _ = Update::new(Order::key("o1"))
        .set(Order::PAYMENT, Payment::Cash)
        .remove(Order::NEXT)
        .append(Order::OTHERS, [Payment::Nothing {}])
        .set(Order::FORMULA, Formula::Negative { of: Box::new(Formula::Sum { terms: vec![] }) });
}

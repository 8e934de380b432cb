use dynamorm::{Attr, Document, Index, KeyPart, Model, NoSortKey, Timestamp};

#[derive(Debug, Clone, PartialEq, Eq, Hash, Document)]
struct AccountId(String);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Document)]
enum Status {
    Active,
    Gone,
}

#[derive(Debug, Clone, Model)]
struct Account {
    #[dynamorm(pk, gsi("inverted", sk))]
    id: AccountId,
    #[dynamorm(sk, gsi("inverted", pk))]
    kind: String,
    #[dynamorm(gsi("by-email", pk), gsi("by-status", sk))]
    email: Option<String>,
    #[dynamorm(gsi("by-status", pk))]
    status: Status,
    #[dynamorm(lsi("by-date", sk), created_at)]
    created: Timestamp,
}

fn main() {
    let _: Index<Account, AccountId, String> = Account::PRIMARY_KEY;
    let _: Index<Account, String, AccountId> = Account::INVERTED_INDEX;
    let _: Index<Account, String, NoSortKey> = Account::BY_EMAIL_INDEX;
    let _: Index<Account, Status, String> = Account::BY_STATUS_INDEX;
    let _: Index<Account, AccountId, Timestamp> = Account::BY_DATE_INDEX;
    let _: Attr<Account, String, KeyPart> = Account::KIND;
    let _ = Account::BY_STATUS_INDEX.partition(Status::Gone).begins_with("ada@");
    let _ = Account::BY_DATE_INDEX.partition(AccountId("a".into())).ge(Timestamp::default());
    let _ = Account::key(AccountId("a".into()), "PROFILE");
    let _ = Status::Active;
}

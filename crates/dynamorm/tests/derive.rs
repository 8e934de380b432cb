//! What the derives promise of a struct: its shape, its constants, its key, and that it is read as it was written.

use dynamorm::private::{
    Fields, IndexKind, IndexShape, KeyShape, ManagedAttribute, ManagedValues, Reader, Role, ScalarType,
    Segment, Writer,
};
use dynamorm::{
    Attr, Attribute, Document, FromItem, Index, Key, KeyAttribute, KeyPart, Managed, Model, NoSortKey,
    Project, Timestamp, Ttl,
};

#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(table = "app", pk = "USER#{id}", sk = "PROFILE")]
#[dynamorm(index = "email-index", pk = email)]
#[dynamorm(index = "by-tenant", pk = "TENANT#{tenant}", sk = "{created}")]
struct User {
    id: String,
    email: String,
    tenant: Option<String>,
    created: u64,
    r#type: Status,
    address: Option<Address>,
    #[dynamorm(rename = "nick")]
    nickname: Option<String>,
    #[dynamorm(skip)]
    cached: Vec<u8>,
    #[dynamorm(version)]
    version: u64,
    #[dynamorm(ttl = "30d")]
    expires: Option<Ttl>,
}

#[derive(Debug, Clone, PartialEq, Document)]
#[dynamorm(rename_all = "camelCase")]
struct Address {
    street_name: String,
    #[dynamorm(skip)]
    checked: bool,
    #[dynamorm(flatten)]
    place: Place,
    nested: Vec<Self>,
}

#[derive(Debug, Clone, PartialEq, Document)]
struct Place {
    city: String,
    country: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Document)]
#[dynamorm(rename_all = "snake_case")]
enum Status {
    Active,
    OnHold,
    #[dynamorm(rename = "gone")]
    Deleted,
}

/// The guide's form: the keys stand on the fields.
#[derive(Debug, Clone, PartialEq, Model)]
struct Account {
    #[dynamorm(pk)]
    id: AccountId,
    #[dynamorm(sk, gsi("inverted", pk))]
    sk: String,
    #[dynamorm(gsi("email-index", pk), rename = "mail")]
    email: String,
    #[dynamorm(gsi("inverted", sk))]
    #[dynamorm(lsi("by-date", sk), created_at)]
    created: Timestamp,
    #[dynamorm(updated_at)]
    changed: Option<Timestamp>,
    #[dynamorm(ttl)]
    expires: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, Document)]
struct AccountId(String);

/// Compiles although a price cannot be a key.
#[derive(Debug, Clone, PartialEq, Document)]
struct Price(f64);

#[derive(Debug, Clone, PartialEq, Document)]
struct Tags(Vec<String>);

#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(pk = "{pk}", sk = "{sk}", pk_attribute = "PK", sk_attribute = "SK", keys = "raw")]
#[dynamorm(index = "by-type", pk = kind)]
struct Entity {
    pk: String,
    sk: String,
    kind: String,
    #[dynamorm(created_at)]
    created_at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(table = "shop")]
#[dynamorm(index = "by-total", pk = "TOTALS", sk = total)]
#[dynamorm(local_index = "by-price", sk = total)]
struct Order {
    #[dynamorm(flatten)]
    entity: Entity,
    total: i64,
    price: Price,
    #[dynamorm(version)]
    version: u64,
}

#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(pk = "CONFIG")]
struct Config {
    value: String,
    #[dynamorm(flatten)]
    audit: Audit,
}

/// Shared by models: it can be flattened, not nested, because the library keeps one of its attributes.
#[derive(Debug, Clone, PartialEq, Document)]
struct Audit {
    author: Option<String>,
    #[dynamorm(updated_at)]
    changed: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(pk = "{tenant}/{{{customer}}}", sk = "ORDER#{placed_at}#{tenant}")]
#[dynamorm(index = "inverted", pk = "ORDER#{placed_at}#{tenant}", pk_attribute = "sk", sk = tenant)]
struct Line {
    tenant: u32,
    customer: String,
    placed_at: Timestamp,
    quantity: u8,
}

#[derive(Debug, PartialEq, Project)]
#[dynamorm(of = User)]
struct UserSummary {
    id: String,
    email: Option<String>,
    #[dynamorm(rename = "nick")]
    nickname: Option<String>,
    r#type: Status,
    version: u64,
    expires: Option<Ttl>,
    #[dynamorm(skip)]
    seen: bool,
}

#[derive(Debug, PartialEq, Project)]
#[dynamorm(of = Order)]
struct OrderSummary {
    #[dynamorm(flatten)]
    entity: EntitySummary,
    total: i64,
}

#[derive(Debug, PartialEq, Project)]
#[dynamorm(of = Entity)]
struct EntitySummary {
    kind: String,
}

fn names<T: Fields>() -> Vec<&'static str> {
    T::NAMES.to_vec()
}

fn text(key: &KeyShape) -> String {
    let template = key.template.iter().map(|segment| match segment {
        Segment::Literal(text) => (*text).to_owned(),
        Segment::Field { name, .. } => format!("{{{name}}}"),
    });
    format!("{} {} {}", key.attribute, key.kind.name(), template.collect::<String>())
}

fn keys(index: &IndexShape) -> (String, Option<String>) {
    (index.partition.iter().map(text).collect(), index.sort.first().map(text))
}

#[test]
fn templates_make_the_key_attributes() {
    let shape = User::SHAPE;
    assert_eq!((shape.name, shape.table), ("User", Some("app")));
    assert_eq!(keys(&shape.primary), ("pk S USER#{id}".to_owned(), Some("sk S PROFILE".to_owned())));
    let by_tenant =
        ("by-tenant_pk S TENANT#{tenant}".to_owned(), Some("by-tenant_sk S {created}".to_owned()));
    let indexes = shape.indexes.iter().map(|index| (index.name, index.kind, keys(index))).collect::<Vec<_>>();
    assert_eq!(
        indexes,
        [
            ("email-index", IndexKind::Global, ("email S ".to_owned(), None)),
            ("by-tenant", IndexKind::Global, by_tenant),
        ]
    );
}

#[test]
fn fields_make_the_key_attributes() {
    let shape = Account::SHAPE;
    assert_eq!((shape.name, shape.table), ("Account", None));
    assert_eq!(keys(&shape.primary), ("id S ".to_owned(), Some("sk S ".to_owned())));
    let indexes = shape.indexes.iter().map(|index| (index.name, index.kind, keys(index))).collect::<Vec<_>>();
    assert_eq!(
        indexes,
        [
            ("inverted", IndexKind::Global, ("sk S ".to_owned(), Some("created S ".to_owned()))),
            ("email-index", IndexKind::Global, ("mail S ".to_owned(), None)),
            ("by-date", IndexKind::Local, ("id S ".to_owned(), Some("created S ".to_owned()))),
        ]
    );
}

#[test]
fn a_flattened_model_gives_its_key_and_its_indexes() {
    let shape = Order::SHAPE;
    assert_eq!(keys(&shape.primary), ("PK S {pk}".to_owned(), Some("SK S {sk}".to_owned())));
    assert!(shape.primary.partition[0].raw);
    let indexes = shape.indexes.iter().map(|index| (index.name, keys(index))).collect::<Vec<_>>();
    assert_eq!(
        indexes,
        [
            ("by-total", ("by-total_pk S TOTALS".to_owned(), Some("total N ".to_owned()))),
            ("by-price", ("PK S {pk}".to_owned(), Some("total N ".to_owned()))),
            ("by-type", ("kind S ".to_owned(), None)),
        ]
    );
    let key: OrderKey = Order::key(Entity::key("a", "b"));
    assert_eq!(key, OrderKey(EntityKey { pk: "a".to_owned(), sk: "b".to_owned() }));
    assert_eq!(order().item_key(), key);
}

#[test]
fn managed_attributes_of_flattened_structs_are_known() {
    let managed = Order::SHAPE.managed.concat();
    let version = ManagedAttribute { name: "version", role: Role::Version };
    let created = ManagedAttribute { name: "created_at", role: Role::CreatedAt };
    assert_eq!(managed, [version, created]);
    let ttl = ManagedAttribute { name: "expires", role: Role::Ttl { after: Some(30 * 24 * 60 * 60) } };
    assert_eq!(User::SHAPE.managed.concat(), [version, ttl]);
    let changed = ManagedAttribute { name: "changed", role: Role::UpdatedAt };
    assert_eq!(Config::SHAPE.managed.concat(), [changed]);
}

#[test]
fn a_key_takes_each_field_once_in_the_order_of_the_templates() {
    let key: LineKey = Line::key(7, "ada", Timestamp::default());
    assert_eq!(key, LineKey { tenant: 7, customer: "ada".to_owned(), placed_at: Timestamp::default() });
    let _: ConfigKey = Config::key();
    assert_eq!(Account::key(AccountId("x".to_owned()), "s").sk, "s");
}

#[test]
fn one_attribute_can_be_the_key_of_the_table_and_of_an_index() {
    let shape = Line::SHAPE;
    let sort = "sk S ORDER#{placed_at}#{tenant}".to_owned();
    assert_eq!(keys(&shape.primary), ("pk S {tenant}/{{customer}}".to_owned(), Some(sort.clone())));
    assert_eq!(keys(&shape.indexes[0]), (sort, Some("tenant N ".to_owned())));
}

#[test]
fn constants_have_the_names_and_types_of_their_attributes() {
    let _: Index<User, String, ()> = User::PRIMARY_KEY;
    let _: Index<User, String> = User::EMAIL_INDEX;
    let _: Index<User, String, u64> = User::BY_TENANT_INDEX;
    let _: Index<Account, AccountId, String> = Account::PRIMARY_KEY;
    let _: Index<Account, AccountId, Timestamp> = Account::BY_DATE_INDEX;
    let _: Index<Order, String, String> = Order::PRIMARY_KEY;
    let _: Index<Order, String, i64> = Order::BY_PRICE_INDEX;
    let _: Index<Config, (), NoSortKey> = Config::PRIMARY_KEY;
    let _: Index<Line, (u32, String), (Timestamp, u32)> = Line::PRIMARY_KEY;
    let _: Attr<User, String, KeyPart> = User::ID;
    let _: Attr<User, String> = User::EMAIL;
    let _: Attr<User, Option<String>> = User::TENANT;
    let _: Attr<User, u64, Managed> = User::VERSION;
    let _: Attr<User, Option<Ttl>> = User::EXPIRES;
    let _: Attr<Account, Timestamp, Managed> = Account::CREATED;
    let _: Attr<Account, Option<Ttl>> = Account::EXPIRES;
    assert_eq!([User::TYPE.name(), User::NICKNAME.name(), Account::EMAIL.name()], ["type", "nick", "mail"]);
    assert_eq!([User::BY_TENANT_INDEX.name(), Order::BY_PRICE_INDEX.name()], ["by-tenant", "by-price"]);
}

#[test]
fn names_are_those_of_the_table_flattened_ones_included() {
    assert_eq!(
        names::<User>(),
        ["id", "email", "tenant", "created", "type", "address", "nick", "version", "expires"]
    );
    assert_eq!(names::<Address>(), ["streetName", "nested", "city", "country"]);
    assert_eq!(names::<UserSummary>(), ["id", "email", "nick", "type", "version", "expires"]);
    assert_eq!(names::<OrderSummary>(), ["total", "kind"]);
    assert!(UserSummary::PROJECTION.is_some() && User::PROJECTION.is_none());
}

#[test]
fn newtypes_and_enums_are_keys() {
    assert_eq!(AccountId::TYPE, ScalarType::S);
    assert_eq!(AccountId("x".to_owned()).key_part(), "x".to_owned().key_part());
    assert_eq!(Status::OnHold.key_part(), "on_hold".to_owned().key_part());
    assert_eq!(Tags(Vec::new()).is_absent(), Vec::<String>::new().is_absent());
}

fn order() -> Order {
    Order {
        entity: Entity {
            pk: "a".to_owned(),
            sk: "b".to_owned(),
            kind: "order".to_owned(),
            created_at: Timestamp::default(),
        },
        total: -7,
        price: Price(1.5),
        version: 3,
    }
}

fn user() -> User {
    User {
        id: "u1".to_owned(),
        email: String::new(),
        tenant: Some("t".to_owned()),
        created: 7,
        r#type: Status::OnHold,
        address: Some(Address {
            street_name: "Main".to_owned(),
            checked: false,
            place: Place { city: "Paris".to_owned(), country: None },
            nested: Vec::new(),
        }),
        nickname: None,
        cached: Vec::new(),
        version: 0,
        expires: None,
    }
}

fn written<T: Fields>(model: &T) -> Result<(String, usize), dynamorm::CodecError> {
    let mut writer = Writer::new();
    let mut managed = ManagedValues::new();
    writer.item(|item| model.encode(item, &mut managed))?;
    Ok((String::from_utf8_lossy(&writer.into_bytes()).into_owned(), managed.len()))
}

fn read<T: FromItem>(json: &str) -> Result<T, dynamorm::CodecError> {
    T::decode(&mut Reader::from_text(json))
}

#[test]
fn an_item_has_its_keys_first_and_each_attribute_once() {
    let (json, managed) = written(&user()).unwrap();
    assert_eq!(
        json,
        concat!(
            r#"{"pk":{"S":"USER#u1"},"sk":{"S":"PROFILE"},"#,
            r#""by-tenant_pk":{"S":"TENANT#t"},"by-tenant_sk":{"S":"00000000000000000007"},"#,
            r#""id":{"S":"u1"},"tenant":{"S":"t"},"created":{"N":"7"},"type":{"S":"on_hold"},"#,
            r#""address":{"M":{"streetName":{"S":"Main"},"city":{"S":"Paris"},"nested":{"L":[]}}}}"#,
        )
    );
    assert_eq!(managed, 2);
    let (json, _) =
        written(&Line { tenant: 7, customer: "a".to_owned(), placed_at: Timestamp::default(), quantity: 1 })
            .unwrap();
    assert_eq!(json.matches(r#""sk":"#).count(), 1, "{json}");
}

#[test]
fn an_item_is_read_as_it_was_written() {
    let (json, _) = written(&user()).unwrap();
    assert_eq!(read::<User>(&json).unwrap(), user());
    let (json, _) = written(&order()).unwrap();
    assert_eq!(read::<Order>(&json).unwrap(), Order { version: 0, ..order() });
}

#[test]
fn a_missing_attribute_is_named() {
    let error = read::<User>(r#"{"email":{"S":"a@b"}}"#).unwrap_err();
    assert_eq!(error.path(), "id");
    let error = read::<User>(r#"{"address":{"M":{"streetName":{"N":"1"}}}}"#).unwrap_err();
    assert_eq!(error.path(), "address.streetName");
}

#[test]
fn an_unknown_variant_is_refused_without_its_value() {
    let error = read::<User>(r#"{"type":{"S":"secret"}}"#).unwrap_err();
    assert!(error.to_string().contains("`Status`") && !error.to_string().contains("secret"), "{error}");
    assert_eq!(
        [Status::Active, Status::Deleted].map(|s| s.key_part().into_owned()),
        ["active", "gone"].map(|s| s.to_owned().key_part().into_owned())
    );
}

#[test]
fn a_projection_reads_its_own_attributes_only() {
    let json = r#"{"total":{"N":"5"},"kind":{"S":"order"},"other":{"BOOL":true}}"#;
    let read = read::<OrderSummary>(json).unwrap();
    assert_eq!(read, OrderSummary { entity: EntitySummary { kind: "order".to_owned() }, total: 5 });
}

#[test]
fn a_key_is_written_as_its_item_is() {
    let mut writer = Writer::new();
    writer.item(|item| Line::key(7, "a}b", Timestamp::default()).encode(item)).unwrap();
    let json = String::from_utf8(writer.into_bytes()).unwrap();
    assert!(json.starts_with(r#"{"pk":{"S":"0000000007/{a}b}"},"sk":{"S":"ORDER#"#), "{json}");
}

//! What an update can be told: its verbs, by DynamoDB's words, and what must be true for it.

use super::Update;
use super::target::Given;
use crate::expr::document_path::DocumentPath;
use crate::expr::operand::Term;
use crate::expr::update::{Action, Right};
use crate::expr::{Addable, Appendable, Condition, Deletable, IntoAttr, Removable, SetValue};
use crate::model::Model;
use crate::{Attr, Changeable, IntoPath};

impl<M: Model, D> Update<M, D> {
    /// Sets an attribute, or something inside one, to a value, to another attribute, or to a calculation such as
    /// `User::CREDITS.minus(7)`. A time to live may be set to a [`Duration`](std::time::Duration): so long after the write.
    ///
    /// A path goes into documents, lists and maps: `User::ADDRESS.dot(Address::CITY)`. The document must be there, else
    /// DynamoDB refuses the update: set it whole where it may be absent. An element beyond the end of a list becomes its last
    /// one. `None` removes an attribute, and as an element of a list or a map it is NULL.
    ///
    /// ```
    /// # use dynamorm::{Db, Document, Model, Result};
    /// # use std::collections::BTreeMap;
    /// # #[derive(Document)]
    /// # struct Address { city: String }
    /// # #[derive(Model)]
    /// # #[dynamorm(table = "app", pk = "USER#{id}")]
    /// # struct User { id: String, credits: i64, address: Address, labels: BTreeMap<String, String> }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let db = Db::memory()?;
    /// # db.create_table::<User>().execute().await?;
    /// # let address = Address { city: "London".into() };
    /// # db.put(&User { id: "u1".into(), credits: 10, address, labels: BTreeMap::new() }).execute().await?;
    /// db.update(User::key("u1"))
    ///     .set(User::CREDITS, User::CREDITS.minus(7))
    ///     .set(User::ADDRESS.dot(Address::CITY), "Paris")
    ///     .set(User::LABELS.key("env"), "test")
    ///     .execute()
    ///     .await?;
    /// let user = db.get(User::key("u1")).one().await?;
    /// assert_eq!((user.credits, user.address.city.as_str(), user.labels["env"].as_str()), (3, "Paris", "test"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn set<T, R: Changeable, By>(
        self,
        path: impl IntoPath<Model = M, Value = T, Role = R>,
        value: impl SetValue<M, T, By>,
    ) -> Self {
        let right = match value.into_right().0 {
            Right::Value(value) if R::IS_ELEMENT => Right::Value(value.into_element()),
            right => right,
        };
        self.with_change(path.into_path().path, Action::Set(right))
    }

    /// Sets an attribute, or something inside one, if it is absent, and leaves it as it is otherwise.
    ///
    /// ```
    /// # use dynamorm::{Db, Model, Result};
    /// # #[derive(Model)]
    /// # #[dynamorm(table = "app", pk = "USER#{id}")]
    /// # struct User { id: String, nickname: Option<String> }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let db = Db::memory()?;
    /// # db.create_table::<User>().execute().await?;
    /// for name in ["Ada", "Countess"] {
    ///     db.update(User::key("u1")).set_if_absent(User::NICKNAME, name).execute().await?;
    /// }
    /// assert_eq!(db.get(User::key("u1")).one().await?.nickname.as_deref(), Some("Ada"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn set_if_absent<T, R: Changeable>(
        self,
        path: impl IntoPath<Model = M, Value = T, Role = R>,
        value: impl IntoAttr<T>,
    ) -> Self {
        let path = path.into_path().path;
        let value = value.into_value();
        let value = Term::Value(if R::IS_ELEMENT { value.into_element() } else { value });
        self.with_change(path.clone(), Action::Set(Right::Term(Term::OrElse(path, Box::new(value)))))
    }

    /// Adds to a number, which may be negative, or to a set. What is absent counts as 0, or as the empty set; the document or
    /// the map that it is in must be there.
    pub fn add<T: Addable, R: Changeable>(
        self,
        path: impl IntoPath<Model = M, Value = T, Role = R>,
        value: impl IntoAttr<T>,
    ) -> Self {
        self.with_change(path.into_path().path, Action::Add(value.into_value()))
    }

    /// Removes an attribute that the model can do without, an `Option` or a set; or an element of a list or a map, which may
    /// be any. Those after it in a list move up. An item without its time to live never expires; one with a span gets it again
    /// by its next write.
    ///
    /// ```
    /// # use dynamorm::{Db, Model, Result};
    /// # #[derive(Debug, Clone, Model)]
    /// # #[dynamorm(table = "app", pk = "USER#{id}")]
    /// # struct User { id: String, credits: i64, nickname: Option<String> }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let db = Db::memory()?;
    /// # db.create_table::<User>().execute().await?;
    /// # let user = User { id: "u1".into(), credits: 10, nickname: None };
    /// # db.put(&user).execute().await?;
    /// db.update(User::key("u1")).set(User::NICKNAME, "ada").execute().await?;
    /// db.update(User::key("u1")).remove(User::NICKNAME).execute().await?;
    /// assert_eq!(db.get(User::key("u1")).one().await?.nickname, None);
    /// # Ok(())
    /// # }
    /// ```
    pub fn remove<T: Removable<R>, R: Changeable>(
        self,
        path: impl IntoPath<Model = M, Value = T, Role = R>,
    ) -> Self {
        self.with_change(path.into_path().path, Action::Remove)
    }

    /// Deletes elements from a set. Without its last one the set is absent, and read as empty.
    pub fn delete<T: Deletable, R: Changeable>(
        self,
        path: impl IntoPath<Model = M, Value = T, Role = R>,
        elements: impl IntoAttr<T>,
    ) -> Self {
        self.with_change(path.into_path().path, Action::Delete(elements.into_value()))
    }

    /// Adds elements at the end of a list. An absent list counts as empty.
    ///
    /// ```
    /// # use dynamorm::{Db, Model, Result};
    /// # #[derive(Model)]
    /// # #[dynamorm(table = "app", pk = "ORDER#{id}")]
    /// # struct Order { id: String, lines: Vec<String> }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let db = Db::memory()?;
    /// # db.create_table::<Order>().execute().await?;
    /// db.update(Order::key("o1")).append(Order::LINES, ["tea"]).execute().await?;
    /// db.update(Order::key("o1")).prepend(Order::LINES, ["cup", "pot"]).execute().await?;
    /// assert_eq!(db.get(Order::key("o1")).one().await?.lines, ["cup", "pot", "tea"]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn append<T: Appendable, R: Changeable>(
        self,
        path: impl IntoPath<Model = M, Value = T, Role = R>,
        elements: impl IntoAttr<Vec<T::Element>>,
    ) -> Self {
        let right = Right::Append { elements: elements.into_value(), first: false };
        self.with_change(path.into_path().path, Action::Set(right))
    }

    /// Adds elements at the beginning of a list, in the order given, as [`append`](Update::append) does at the end.
    pub fn prepend<T: Appendable, R: Changeable>(
        self,
        path: impl IntoPath<Model = M, Value = T, Role = R>,
        elements: impl IntoAttr<Vec<T::Element>>,
    ) -> Self {
        let right = Right::Append { elements: elements.into_value(), first: true };
        self.with_change(path.into_path().path, Action::Set(right))
    }

    fn with_change(mut self, path: DocumentPath, action: Action) -> Self {
        self.draft.change(path, action);
        self
    }

    /// Tells the current value of an attribute that the update leaves as it is, so that the key of an index can be made which
    /// is made of it too; or the old value of a unique attribute that it changes, whose guard is given up. `None` says that it is
    /// absent.
    ///
    /// The update is made only if that is the stored value: else it fails with
    /// [`ConditionFailed`](crate::ErrorKind::ConditionFailed), and no index key goes stale. An update of an item as it was read
    /// knows all its attributes and needs this for none.
    ///
    /// ```
    /// # use dynamorm::{Db, Model, Result};
    /// # #[derive(Model)]
    /// # #[dynamorm(table = "app", pk = "TASK#{id}")]
    /// # #[dynamorm(index = "by-status", pk = "STATUS#{status}#{owner}")]
    /// # struct Task { id: String, status: String, owner: String }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let db = Db::memory()?;
    /// # db.create_table::<Task>().execute().await?;
    /// # db.put(&Task { id: "t1".into(), status: "open".into(), owner: "ada".into() }).execute().await?;
    /// // The key of the index is `STATUS#{status}#{owner}`: from the status alone it cannot be made.
    /// db.update(Task::key("t1")).set(Task::STATUS, "done").given(Task::OWNER, "ada").execute().await?;
    /// let done = db.query::<Task>().key(Task::BY_STATUS_INDEX.partition(("done", "ada"))).one().await?;
    /// assert_eq!(done.id, "t1");
    ///
    /// let guess = db.update(Task::key("t1")).set(Task::STATUS, "open").given(Task::OWNER, "bob").execute().await;
    /// assert!(guess.is_err_and(|err| err.is_condition_failed()));
    /// # Ok(())
    /// # }
    /// ```
    pub fn given<T, R>(mut self, attribute: Attr<M, T, R>, value: impl IntoAttr<T>) -> Self {
        self.draft.given.push(Given { name: attribute.name(), value: value.into_value() });
        self
    }

    /// Writes only if the item exists.
    pub fn if_exists(mut self) -> Self {
        self.draft.must_exist = true;
        self
    }

    /// Writes only if this is true of the stored item. Several conditions must all be true.
    pub fn condition(mut self, condition: Condition<M>) -> Self {
        Condition::join(&mut self.draft.condition, condition.untyped());
        self
    }

    /// Gives the stored item with the error if a condition fails: `err.item::<User>()`.
    ///
    /// ```
    /// # use dynamorm::{Db, Model, Result};
    /// # #[derive(Debug, Clone, Model)]
    /// # #[dynamorm(table = "app", pk = "USER#{id}")]
    /// # struct User { id: String, credits: i64, nickname: Option<String> }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let db = Db::memory()?;
    /// # db.create_table::<User>().execute().await?;
    /// # let user = User { id: "u1".into(), credits: 10, nickname: None };
    /// # db.put(&user).execute().await?;
    /// let err = db.update(User::key("u1")).add(User::CREDITS, -70).condition(User::CREDITS.ge(70)).returning_old_on_failure().execute().await.unwrap_err();
    /// assert_eq!(err.item::<User>()?.unwrap().credits, 10);
    /// # Ok(())
    /// # }
    /// ```
    pub fn returning_old_on_failure(mut self) -> Self {
        self.draft.returning_old_on_failure = true;
        self
    }
}

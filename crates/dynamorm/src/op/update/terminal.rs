//! The terminals of an update that a `Db` runs, and the request that they send.

use super::Update;
use crate::codec::Reader;
use crate::error::ErrorKind;
use crate::model::Model;
use crate::op::put::decode_attributes;
use crate::transport::{Operation, Request};
use crate::{Db, Error, FromItem, Result};

impl<M: Model> Update<M, &Db> {
    /// Shows the request, without sending it.
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
    /// let request = db.update(User::key("u1")).add(User::CREDITS, 5).to_request()?;
    /// assert!(request.json().contains("ADD #n0 :v0"));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// If the update cannot be right: it changes nothing, or one attribute twice, or leaves an index key stale; or if what a unique
    /// attribute was must be read first.
    pub fn to_request(&self) -> Result<Request> {
        self.draft.request(self.db, None)
    }

    /// Makes the changes. An update by [`changes_from`](Model::changes_from) that found no difference, and has no condition of
    /// yours, succeeds without a request; with a condition, or with another terminal, it changes nothing and checks.
    ///
    /// # Errors
    ///
    /// [`ConditionFailed`](crate::ErrorKind::ConditionFailed) if a condition, or the version, does not hold;
    /// [`NotUnique`](crate::ErrorKind::NotUnique) if another item has the value of a unique attribute; and those of any operation.
    pub async fn execute(self) -> Result<()> {
        self.draft.execute(self.db).await
    }

    /// Makes the changes and gives the item as it is then.
    ///
    /// # Errors
    ///
    /// Those of [`execute`](Update::execute); [`Codec`](crate::ErrorKind::Codec) if the item is not an `M`: the changes are
    /// made then all the same.
    pub async fn returning_new(self) -> Result<M> {
        let db = self.db;
        let response = self.draft.send(db, "ALL_NEW").await?;
        let item = decode_attributes(&response).map_err(|error| during::<M>(db, error.into()))?;
        item.ok_or_else(|| during::<M>(db, Error::new(ErrorKind::Service, "the answer has no attributes")))
    }

    /// Makes the changes and gives the item as it was before, if there was one.
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
    /// let old = db.update(User::key("u1")).add(User::CREDITS, 5).returning_old().await?;
    /// assert_eq!(old.unwrap().credits, 10);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`returning_new`](Update::returning_new).
    pub async fn returning_old(self) -> Result<Option<M>> {
        let db = self.db;
        let response = self.draft.send(db, "ALL_OLD").await?;
        decode_attributes(&response).map_err(|error| during::<M>(db, error.into()))
    }

    /// Makes the changes and gives the attributes that it changed, as they are then: those that the library keeps and the keys
    /// of indexes too. Of a document that was changed inside, only the changed part.
    ///
    /// An [`Item`](crate::Item) is not given, as by no typed operation: it is of no model.
    ///
    /// ```
    /// # use dynamorm::{Db, Model, Project, Result};
    /// # #[derive(Model)]
    /// # #[dynamorm(table = "app", pk = "PAGE#{id}")]
    /// # struct Page { id: String, text: String, visits: u64 }
    /// /// A projection of attributes that the update changes; others would have to be an `Option`.
    /// #[derive(Project)]
    /// #[dynamorm(of = Page)]
    /// struct Visits { visits: u64 }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let db = Db::memory()?;
    /// # db.create_table::<Page>().execute().await?;
    /// let now: Visits = db.update(Page::key("home")).add(Page::VISITS, 1).returning_updated().await?;
    /// assert_eq!(now.visits, 1);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`execute`](Update::execute); [`Codec`](crate::ErrorKind::Codec) if an attribute of `P` is not among them: the
    /// changes are made then all the same.
    pub async fn returning_updated<P: FromItem<Model = M>>(self) -> Result<P> {
        let db = self.db;
        let response = self.draft.send(db, "UPDATED_NEW").await?;
        let decoded = decode_attributes(&response)
            .and_then(|updated| updated.map_or_else(|| P::decode(&mut Reader::new(b"{}")?), Ok));
        decoded.map_err(|error| during::<M>(db, error.into()))
    }
}

fn during<M: Model>(db: &Db, error: Error) -> Error {
    error.during(Operation::UpdateItem, db.table_of(M::SHAPE).ok())
}

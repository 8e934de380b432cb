//! Before the first request: what it would have to wait for.

use crate::{Db, Result};

impl Db {
    /// Loads the credentials and opens a connection, so that no request waits for them: for Lambda's init phase, before the first
    /// event is taken.
    ///
    /// On AWS it calls `DescribeEndpoints`, which costs no capacity. A role without the permission `dynamodb:DescribeEndpoints` is
    /// refused, and that is no error here, since the connection is open then too; the refusal is in CloudTrail. The embedded
    /// engine has nothing to make ready.
    ///
    /// One connection is opened, which serves one request after another. It is kept for as long as the official client keeps those that
    /// are idle. See [DescribeEndpoints](https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_DescribeEndpoints.html).
    ///
    /// ```
    /// # use dynamorm::{Db, Result};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// let db = Db::memory()?;
    /// db.warm().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Transport`](crate::ErrorKind::Transport) if there are no credentials, or nobody answers;
    /// [`DeadlineExceeded`](crate::ErrorKind::DeadlineExceeded). A program may go on: its requests try again.
    pub async fn warm(&self) -> Result<()> {
        let answer = self.in_time(self.transport().warm()).await?;
        answer.map_err(crate::transport::failure::error)
    }
}

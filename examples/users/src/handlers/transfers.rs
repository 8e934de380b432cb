//! Transfers of credits from one user to another: both happen, or neither.

use crate::{Credits, User};
use dynamorm::{Cancellation, Update};
use garde::Validate;
use lift::axum::Json;
use lift::utoipa::{self, ToSchema};
use lift::{Error, FieldError, Result, TenantDb, Valid};
use serde::{Deserialize, Serialize};

#[derive(Deserialize, Validate, ToSchema)]
pub(crate) struct Transfer {
    #[garde(length(min = 1, max = 100))]
    from_user_id: String,
    #[garde(length(min = 1, max = 100))]
    to_user_id: String,
    #[garde(custom(positive))]
    amount: Credits,
}

fn positive(amount: &Credits, (): &()) -> garde::Result {
    if *amount > Credits::ZERO { Ok(()) } else { Err(garde::Error::new("not greater than 0")) }
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Transferred {
    status: &'static str,
    message: String,
}

/// Moves credits from one user to another.
#[utoipa::path(post, path = "/transfers", request_body = Transfer, responses((status = 200, body = Transferred)))]
pub(crate) async fn create(
    TenantDb(db): TenantDb,
    Valid(request): Valid<Transfer>,
) -> Result<Json<Transferred>> {
    if request.from_user_id == request.to_user_id {
        return Err(Error::validation("the request is not valid")
            .with_errors(vec![FieldError::new("to_user_id", "the same as from_user_id")]));
    }
    db.transact_write().update(debit(&request)).update(credit(&request)).execute().await.map_err(
        |error| match error.cancellations().iter().find_map(refused) {
            Some(refusal) => refusal,
            None => error.into(),
        },
    )?;
    let message = format!("Transferred {} credits", request.amount);
    Ok(Json(Transferred { status: "success", message }))
}

/// Takes the amount from a user who has it.
fn debit(transfer: &Transfer) -> Update<User> {
    Update::new(User::key(transfer.from_user_id.as_str()))
        .set(User::CREDITS, User::CREDITS.minus(transfer.amount))
        .condition(User::CREDITS.ge(transfer.amount))
        .returning_old_on_failure()
}

/// Gives the amount to a user, who must be there.
fn credit(transfer: &Transfer) -> Update<User> {
    Update::new(User::key(transfer.to_user_id.as_str()))
        .set(User::CREDITS, User::CREDITS.plus(transfer.amount))
        .if_exists()
        .returning_old_on_failure()
}

/// What a failed condition of either update means to the client; `None` if it was no condition that failed.
fn refused(why: &Cancellation) -> Option<Error> {
    if why.code != dynamorm::CancelCode::ConditionFailed {
        return None;
    }
    Some(match why.item::<User>() {
        Ok(Some(_)) => Error::validation("insufficient credits"),
        Ok(None) => Error::not_found("user not found"),
        Err(error) => error.into(),
    })
}

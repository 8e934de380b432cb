//! Transfers of credits from one user to another: both happen, or neither.

use crate::{Credits, User};
use dynamorm::{Cancellation, Db, Update};
use garde::Validate;
use lift::axum::Json;
use lift::axum::extract::State;
use lift::{Error, FieldError, Result, TenantId, Valid};
use serde::{Deserialize, Serialize};

#[derive(Deserialize, Validate)]
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

#[derive(Serialize)]
pub(crate) struct Transferred {
    status: &'static str,
    message: String,
}

/// `POST /transfers`
pub(crate) async fn create(
    State(db): State<Db>,
    tenant: TenantId,
    Valid(request): Valid<Transfer>,
) -> Result<Json<Transferred>> {
    if request.from_user_id == request.to_user_id {
        return Err(Error::validation("the request is not valid")
            .with_errors(vec![FieldError::new("to_user_id", "the same as from_user_id")]));
    }
    db.transact_write()
        .update(debit(&request, &tenant))
        .update(credit(&request, &tenant))
        .execute()
        .await
        .map_err(|error| match error.cancellations().iter().find_map(|why| refused(why, &tenant)) {
            Some(refusal) => refusal,
            None => error.into(),
        })?;
    let message = format!("Transferred {} credits", request.amount);
    Ok(Json(Transferred { status: "success", message }))
}

/// Takes the amount from a user of the tenant who has it.
fn debit(transfer: &Transfer, tenant: &TenantId) -> Update<User> {
    Update::new(User::key(transfer.from_user_id.as_str()))
        .set(User::CREDITS, User::CREDITS.minus(transfer.amount))
        .condition(User::TENANT_ID.eq(tenant.as_str()).and(User::CREDITS.ge(transfer.amount)))
        .returning_old_on_failure()
}

/// Gives the amount to a user of the tenant.
fn credit(transfer: &Transfer, tenant: &TenantId) -> Update<User> {
    Update::new(User::key(transfer.to_user_id.as_str()))
        .set(User::CREDITS, User::CREDITS.plus(transfer.amount))
        .condition(User::TENANT_ID.eq(tenant.as_str()))
        .returning_old_on_failure()
}

/// What a failed condition of either update means to the client; `None` if it was no condition that failed.
fn refused(why: &Cancellation, tenant: &TenantId) -> Option<Error> {
    if why.code != dynamorm::CancelCode::ConditionFailed {
        return None;
    }
    Some(match why.item::<User>() {
        Ok(Some(user)) if user.tenant_id == tenant.as_str() => Error::validation("insufficient credits"),
        Ok(Some(_)) => Error::authorization("access denied"),
        Ok(None) => Error::not_found("user not found"),
        Err(error) => error.into(),
    })
}

//! Orders: each is stored twice, by its own id and under its user, or not at all.

use super::{find, new_id};
use crate::{Credits, Order, OrderOfUser, User};
use dynamorm::{Check, Db, Put, StartKey, Timestamp};
use garde::Validate;
use lift::axum::Json;
use lift::axum::extract::{Path, State};
use lift::axum::http::StatusCode;
use lift::{Error, Page, Result, TenantId, Valid};
use serde::{Deserialize, Serialize};

#[derive(Deserialize, Validate)]
pub(crate) struct CreateOrder {
    #[garde(length(min = 1, max = 100))]
    user_id: String,
    #[garde(custom(positive))]
    total: Credits,
    #[serde(default = "pending")]
    #[garde(length(min = 1, max = 50))]
    status: String,
}

fn pending() -> String {
    "pending".to_owned()
}

fn positive(total: &Credits, (): &()) -> garde::Result {
    if *total > Credits::ZERO { Ok(()) } else { Err(garde::Error::new("not greater than 0")) }
}

/// `POST /orders`
pub(crate) async fn create(
    State(db): State<Db>,
    tenant: TenantId,
    Valid(request): Valid<CreateOrder>,
) -> Result<(StatusCode, Json<Order>)> {
    let order = Order {
        order_id: new_id(),
        user_id: request.user_id,
        tenant_id: tenant.to_string(),
        total: request.total,
        status: request.status,
        created_at: Timestamp::now(),
    };
    let of_user = OrderOfUser {
        user_id: order.user_id.clone(),
        created_at: order.created_at,
        order_id: order.order_id.clone(),
        total: order.total,
        status: order.status.clone(),
    };
    let is_own = User::TENANT_ID.eq(tenant.as_str());
    db.transact_write()
        .check(Check::new(User::key(order.user_id.as_str()), is_own).returning_old_on_failure())
        .put(Put::new(&order).if_not_exists())
        .put(&of_user)
        .execute()
        .await
        .map_err(refused)?;
    Ok((StatusCode::CREATED, Json(order)))
}

/// The user of the order is the one condition that a client can fail.
fn refused(error: dynamorm::Error) -> Error {
    match error.cancellations().iter().find(|cancellation| cancellation.operation == 0) {
        Some(of_user) => match of_user.item::<User>() {
            Ok(Some(_)) => Error::authorization("access denied"),
            _ => Error::not_found("user not found"),
        },
        None => error.into(),
    }
}

#[derive(Serialize)]
pub(crate) struct Orders {
    orders: Vec<OrderOfUser>,
    count: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<StartKey>,
}

/// `GET /users/{id}/orders?limit=&cursor=`: the newest first.
pub(crate) async fn of_user(
    State(db): State<Db>,
    tenant: TenantId,
    Path(id): Path<String>,
    page: Page,
) -> Result<Json<Orders>> {
    let user = find(&db, id, &tenant, false).await?;
    let page = db
        .query::<OrderOfUser>()
        .key(OrderOfUser::PRIMARY_KEY.partition(user.id))
        .descending()
        .limit(page.limit)
        .start_key(page.cursor)
        .page()
        .await?;
    Ok(Json(Orders { count: page.items.len(), orders: page.items, next_cursor: page.next }))
}

//! Orders: each is stored twice, by its own id and under its user, or not at all.

use super::{find, new_id};
use crate::{Credits, Order, OrderOfUser, User};
use dynamorm::{Check, Put, StartKey, Timestamp};
use garde::Validate;
use lift::axum::Json;
use lift::axum::extract::Path;
use lift::axum::http::StatusCode;
use lift::utoipa::{self, ToSchema};
use lift::{Error, Page, Result, TenantDb, TenantId, Valid};
use serde::{Deserialize, Serialize};

#[derive(Deserialize, Validate, ToSchema)]
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

/// Places an order of a user.
#[utoipa::path(post, path = "/orders", request_body = CreateOrder, responses((status = 201, body = Order)))]
pub(crate) async fn create(
    TenantDb(db): TenantDb,
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
        tenant_id: order.tenant_id.clone(),
        user_id: order.user_id.clone(),
        created_at: order.created_at,
        order_id: order.order_id.clone(),
        total: order.total,
        status: order.status.clone(),
    };
    db.transact_write()
        .check(Check::new(User::key(order.user_id.as_str()), User::EMAIL.exists()))
        .put(Put::new(&order).if_not_exists())
        .put(&of_user)
        .execute()
        .await
        .map_err(refused)?;
    Ok((StatusCode::CREATED, Json(order)))
}

/// The user of the order is the one condition that a client can fail.
fn refused(error: dynamorm::Error) -> Error {
    match error.cancellations().iter().any(|cancellation| cancellation.operation == 0) {
        true => Error::not_found("user not found"),
        false => error.into(),
    }
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Orders {
    orders: Vec<OrderOfUser>,
    count: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    next_cursor: Option<StartKey>,
}

/// A page of a user's orders, the newest first.
#[utoipa::path(get, path = "/users/{id}/orders", params(("id" = String, Path), Page), responses((status = 200, body = Orders)))]
pub(crate) async fn of_user(
    TenantDb(db): TenantDb,
    Path(id): Path<String>,
    page: Page,
) -> Result<Json<Orders>> {
    let user = find(&db, id, false).await?;
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

//! Nothing without a tenant, where the settings say so.

use crate::extract::{TenantId, tenant_required};
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// Answers 401 unless a tenant is known.
pub(super) async fn require(request: Request, next: Next) -> Response {
    if request.extensions().get::<TenantId>().is_none() {
        return tenant_required(request.extensions()).into_response();
    }
    next.run(request).await
}

//! Transfers and orders: what happens together, or not at all.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod support;

use serde_json::{Value, json};
use support::{Service, assert_problem, fields, text};
use users::{Order, OrderOfUser};

fn transfer(from: &str, to: &str, amount: impl serde::Serialize) -> Value {
    json!({"from_user_id": from, "to_user_id": to, "amount": amount})
}

#[tokio::test]
async fn a_transfer_moves_credits() {
    let service = Service::start().await;
    let (ada, bob) = (service.user("acme", "Ada", 100.0).await, service.user("acme", "Bob", 1.0).await);
    let response = service.post("acme", "/transfers", &transfer(&ada, &bob, 30.25)).await;
    assert_eq!(response.status, 200, "{}", response.text());
    assert_eq!(
        response.json::<Value>(),
        json!({"status": "success", "message": "Transferred 30.25 credits"})
    );
    assert_eq!(service.credits("acme", &ada).await, 69.75);
    assert_eq!(service.credits("acme", &bob).await, 31.25);
}

#[tokio::test]
async fn a_transfer_that_cannot_be_paid_moves_nothing() {
    let service = Service::start().await;
    let (ada, bob) = (service.user("acme", "Ada", 10.0).await, service.user("acme", "Bob", 0.0).await);
    let response = service.post("acme", "/transfers", &transfer(&ada, &bob, 10.01)).await;
    assert_problem(&response, 422, "VALIDATION_ERROR");
    assert_eq!(response.json::<Value>()["detail"], "insufficient credits");
    assert_eq!(service.credits("acme", &ada).await, 10.0);
    assert_eq!(service.credits("acme", &bob).await, 0.0);
}

#[tokio::test]
async fn a_transfer_to_or_from_nobody_moves_nothing() {
    let service = Service::start().await;
    let ada = service.user("acme", "Ada", 10.0).await;
    for body in [transfer(&ada, "nobody", 1), transfer("nobody", &ada, 1)] {
        assert_problem(&service.post("acme", "/transfers", &body).await, 404, "NOT_FOUND");
    }
    assert_eq!(service.credits("acme", &ada).await, 10.0);
    assert_problem(&service.get("acme", "/users/nobody").await, 404, "NOT_FOUND");
}

#[tokio::test]
async fn a_transfer_never_crosses_tenants() {
    let service = Service::start().await;
    let (ada, eve) = (service.user("acme", "Ada", 10.0).await, service.user("other", "Eve", 10.0).await);
    for (tenant, from, to) in [("acme", &ada, &eve), ("acme", &eve, &ada), ("other", &ada, &eve)] {
        let response = service.post(tenant, "/transfers", &transfer(from, to, 5)).await;
        assert_problem(&response, 404, "NOT_FOUND");
    }
    assert_eq!(service.credits("acme", &ada).await, 10.0);
    assert_eq!(service.credits("other", &eve).await, 10.0);
}

#[tokio::test]
async fn an_amount_must_be_a_positive_number_of_cents() {
    let service = Service::start().await;
    let (ada, bob) = (service.user("acme", "Ada", 10.0).await, service.user("acme", "Bob", 0.0).await);
    for amount in [json!(0), json!(-5), json!(0.001), json!("5"), json!(null)] {
        let response = service.post("acme", "/transfers", &transfer(&ada, &bob, &amount)).await;
        assert_problem(&response, 422, "VALIDATION_ERROR");
        assert_eq!(fields(&response), ["amount"], "{amount}");
    }
    let response = service.post("acme", "/transfers", &transfer(&ada, &ada, 1)).await;
    assert_eq!(fields(&response), ["to_user_id"]);
    assert_eq!(service.credits("acme", &ada).await, 10.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_transfers_keep_the_sum() {
    let service = std::sync::Arc::new(Service::start().await);
    let (ada, bob) = (service.user("acme", "Ada", 20.0).await, service.user("acme", "Bob", 20.0).await);
    let transfers = (0..40).map(|nth| {
        let (service, (from, to)) = (
            service.clone(),
            if nth % 3 == 0 { (bob.clone(), ada.clone()) } else { (ada.clone(), bob.clone()) },
        );
        tokio::spawn(async move { service.post("acme", "/transfers", &transfer(&from, &to, 3)).await.status })
    });
    let transfers: Vec<_> = transfers.collect();
    for transfer in transfers {
        assert!([200, 422].contains(&transfer.await.unwrap().as_u16()));
    }
    let (ada, bob) = (service.credits("acme", &ada).await, service.credits("acme", &bob).await);
    assert_eq!(ada + bob, 40.0);
    assert!(ada >= 0.0 && bob >= 0.0);
}

#[tokio::test]
async fn an_order_is_stored_by_its_id_and_under_its_user() {
    let service = Service::start().await;
    let ada = service.user("acme", "Ada", 0.0).await;
    let response = service.post("acme", "/orders", &json!({"user_id": ada, "total": 99.95})).await;
    assert_eq!(response.status, 201, "{}", response.text());
    let order = response.json::<Value>();
    assert_eq!(order["status"], "pending");
    assert_eq!(order["tenant_id"], "acme");

    let stored = service.db.tenant("acme").get(Order::key(text(&order["order_id"]))).one().await.unwrap();
    assert_eq!(serde_json::to_value(&stored).unwrap(), order);
    let listed = service.get("acme", &format!("/users/{ada}/orders")).await.json::<Value>();
    assert_eq!(listed["count"], 1);
    assert_eq!(listed["orders"][0]["order_id"], order["order_id"]);
    assert_eq!(listed["orders"][0]["total"], 99.95);
}

#[tokio::test]
async fn orders_are_listed_newest_first_page_by_page() {
    let service = Service::start().await;
    let ada = service.user("acme", "Ada", 0.0).await;
    for total in 1..=5 {
        let body = json!({"user_id": ada, "total": total});
        assert_eq!(service.post("acme", "/orders", &body).await.status, 201);
    }
    let first = service.get("acme", &format!("/users/{ada}/orders?limit=3")).await.json::<Value>();
    let cursor = text(&first["next_cursor"]);
    let second =
        service.get("acme", &format!("/users/{ada}/orders?limit=3&cursor={cursor}")).await.json::<Value>();
    let totals = [&first, &second].map(|page| {
        page["orders"]
            .as_array()
            .unwrap()
            .iter()
            .map(|order| order["total"].as_i64().unwrap())
            .collect::<Vec<_>>()
    });
    assert_eq!(totals, [vec![5, 4, 3], vec![2, 1]]);
    assert!(second.get("next_cursor").is_none());
}

#[tokio::test]
async fn an_order_of_nobody_or_of_another_tenants_user_stores_nothing() {
    let service = Service::start().await;
    let eve = service.user("other", "Eve", 0.0).await;
    let response = service.post("acme", "/orders", &json!({"user_id": "nobody", "total": 1})).await;
    assert_problem(&response, 404, "NOT_FOUND");
    let response = service.post("acme", "/orders", &json!({"user_id": eve, "total": 1})).await;
    assert_problem(&response, 404, "NOT_FOUND");
    assert_eq!(service.db.scan::<OrderOfUser>().count().await.unwrap(), 0);
}

#[tokio::test]
async fn the_database_failing_is_500_and_says_nothing_of_it() {
    let service = Service::start().await;
    let ada = service.user("acme", "Ada", 0.0).await;
    service.db.delete_table::<Order>().execute().await.unwrap();
    let response = service.get("acme", &format!("/users/{ada}")).await;
    assert_problem(&response, 500, "DATABASE_ERROR");
    assert_eq!(response.json::<Value>()["detail"], "the database request failed");
}

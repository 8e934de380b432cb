//! What one tenant does in a step: each operation there is, with what is his and what is not.

use super::*;

impl Run {
    pub(super) async fn on_unique(&mut self, db: &TenantDb, who: usize) -> String {
        let (id, value, other, n) = (self.id(), self.kind(), self.kind(), self.chance.u32(..5));
        let (tenant, text) = (String::new(), format!("{} {n}", WORDS[who]));
        let named = Named {
            tenant: tenant.clone(),
            id: id.clone(),
            name: Some(value.clone()),
            n,
            text: text.clone(),
        };
        let page = Page { id: id.clone(), tenant, slug: value.clone(), text };
        let key = || Named::key(id.clone());
        let written = match self.chance.u8(..14) {
            0 => db.put(&named).execute().await,
            1 => db.put(&named).if_not_exists().returning_old_on_failure().execute().await,
            2 => db.update(key()).set(Named::NAME, value.as_str()).if_exists().execute().await,
            3 => db.update(key()).remove(Named::NAME).if_exists().returning_old_on_failure().execute().await,
            4 => {
                let given = db.update(key()).set(Named::NAME, value.as_str()).given(Named::NAME, other);
                given.if_exists().returning_old_on_failure().execute().await
            }
            5 => db.delete(key()).execute().await,
            6 => db.put(&page).returning_old_on_failure().execute().await,
            7 => db.put(&page).if_not_exists().returning_old_on_failure().execute().await,
            8 => db.update(Page::key(id.clone())).set(Page::SLUG, value.as_str()).if_exists().execute().await,
            9 => db.delete(Page::key(id.clone())).execute().await,
            10 => {
                let put = Put::new(&page).returning_old_on_failure();
                db.transact_write().put(put).delete(Named::key(self.id())).execute().await
            }
            11 => {
                let named = db.get_by(Named::NAME, value.as_str()).optional().await;
                let page = db.get_by(Page::SLUG, other.as_str()).optional().await;
                return format!("{} {}", seen(named), seen(page));
            }
            12 => {
                let page = Page { id: self.id(), slug: other, ..page };
                db.transact_write().put(&named).put(&page).execute().await
            }
            _ => {
                let update = Update::new(Page::key(id.clone())).set(Page::SLUG, value.as_str()).if_exists();
                db.transact_write().update(update.returning_old_on_failure()).execute().await
            }
        };
        // Only what the tenant has itself is taken.
        if let Err(error) = &written
            && error.is_not_unique()
        {
            let (named, pages) = self.stored_unique(who).await;
            let has = named.iter().any(|named| named.name.is_some()) || !pages.is_empty();
            assert!(has, "{:?} of {:?} was told of another's value", self.pair[who], self.pair);
        }
        failure(written)
    }

    pub(super) async fn on_notes(&mut self, db: &TenantDb, who: usize) -> String {
        let (note, id, n) = (self.note(who), self.id(), self.chance.u32(..5));
        let key = || Note::key(id.clone());
        // True of the other's items and of no others, if it is asked about them.
        let others = Note::TEXT.begins_with(WORDS[1 - who]);
        let Note { tenant, text, kind, .. } = note.clone();
        let event = Event { tenant: tenant.clone(), id: id.clone(), text: text.clone() };
        match self.chance.u8(..37) {
            30 | 31 => seen(db.put(&event).execute().await),
            32 => {
                let query = db.query::<Event>().key(Event::PRIMARY_KEY.partition(())).limit(2);
                let page = query.start_key(self.cursor(who)).page().await;
                self.page(who, page)
            }
            33 => {
                let others = Event::TEXT.begins_with(WORDS[1 - who]);
                let delete = db.delete(Event::key(id)).condition(others).returning_old_on_failure();
                failure(delete.execute().await)
            }
            34 | 35 => {
                let search = || db.search_vectors(Note::NEAR_INDEX.near(&vector(n)));
                let filtered =
                    search().filter(Note::KIND, note.kind).project::<NoteText>().scan_top_k(2).await;
                let (by_index, by_scan) = (search().top_k(100).await, search().scan_top_k(100).await);
                let own = self.stored(who).await.notes;
                let own = own.iter().filter(|note| note.embedding.is_some()).count();
                assert_eq!((by_index.as_ref().unwrap().len(), by_scan.as_ref().unwrap().len()), (own, own));
                format!("{} {} {}", seen(by_index), seen(by_scan), seen(filtered))
            }
            36 => {
                let update = db.update(key()).set(Note::EMBEDDING, vector(n)).if_exists();
                failure(update.returning_old_on_failure().execute().await)
            }
            24 => seen(db.put(&Room { tenant, id, kind, text, n }).execute().await),
            25 => seen(db.query::<Room>().key(Room::PRIMARY_KEY.partition(kind)).all().await),
            0 | 1 => seen(db.put(&note).execute().await),
            2 => seen(db.put(&note).if_not_exists().returning_old_on_failure().execute().await),
            3 => {
                let stolen = Note { tenant: self.pair[1 - who].to_owned(), ..note };
                let refused = db.put(&stolen).execute().await;
                assert!(refused.as_ref().is_err_and(|err| err.is_invalid_request()), "{refused:?}");
                seen(refused)
            }
            4 => seen(db.put(&note).condition(others).returning_old_on_failure().execute().await),
            5 => seen(db.put(&note).returning_old().await),
            6 => seen(
                db.update(key())
                    .set(Note::KIND, note.kind)
                    .set(Note::N, n)
                    .set(Note::TEXT, note.text)
                    .returning_new()
                    .await,
            ),
            7 => {
                let raw = Condition::raw("begins_with(text, :c)", [(":c", WORDS[1 - who])]);
                let update = db.update(key()).set(Note::TEXT, note.text).condition(raw);
                failure(update.returning_old_on_failure().execute().await)
            }
            8 => seen(db.delete(key()).returning_old().await),
            9 => failure(db.delete(key()).condition(others).returning_old_on_failure().execute().await),
            10 => seen(db.get(key()).optional().await),
            11 => seen(db.get(key()).project::<NoteText>().optional().await),
            12 => {
                let query = db.query::<Note>().key(Note::PRIMARY_KEY.partition(()).begins_with(id)).limit(2);
                let page = query.start_key(self.cursor(who)).page().await;
                self.page(who, page)
            }
            13 => {
                let query = db.query::<Note>().key(Note::BY_KIND_INDEX.partition(note.kind).ge(n)).limit(2);
                let page = query.start_key(self.cursor(who)).filter(!others).take(3).await;
                self.page(who, page)
            }
            14 => {
                let of_kind = Note::BY_KIND_INDEX.partition(note.kind);
                seen(db.query::<Note>().key(of_kind).filter(others).project::<NoteText>().all().await)
            }
            15 => {
                let raw = KeyCondition::raw("pk = :p", [(":p", self.partition())]);
                let query = db.query::<Note>().key(raw);
                seen(query.start_key(self.cursor(who)).all().await)
            }
            16 => {
                let raw = KeyCondition::raw("#p = :p", [(":p", self.partition())]).index("by-kind");
                seen(db.query::<Note>().key(raw).descending().all().await)
            }
            17 => seen(db.query::<Note>().key(Note::BY_N_INDEX.partition(n)).hydrate().all().await),
            18 => seen(db.batch_get([key(), Note::key(note.id)]).all().await),
            19 => seen(db.batch_write().put(&note).execute().await),
            20 => seen(db.batch_write().delete(key()).execute().await),
            21 => seen(db.transact_get((key(), Doc::key(self.id()))).optional().await),
            22 => {
                let check = Check::new(Doc::key(self.id()), Doc::TEXT.exists()).returning_old_on_failure();
                let put = Put::new(&note).condition(others).returning_old_on_failure();
                failure(db.transact_write().put(put).check(check).execute().await)
            }
            26 | 27 => {
                let cached = db.get(key()).cached(HOUR).cache_absent().optional().await;
                assert_eq!(
                    cached.as_ref().unwrap(),
                    &db.get(key()).consistent_read().optional().await.unwrap()
                );
                seen(cached)
            }
            28 => {
                let query = db.query::<Note>().key(KeyCondition::raw("pk = :p", [(":p", self.partition())]));
                seen(query.start_key(self.cursor(who)).cached(HOUR).all().await)
            }
            29 => seen(db.query::<Note>().key(Note::PRIMARY_KEY.partition(())).cached(HOUR).all().await),
            _ => {
                let debit = Update::new(key()).set(Note::TEXT, note.text.clone()).if_exists();
                let transaction = db.transact_write().update(debit.returning_old_on_failure());
                failure(if note.id == id { transaction } else { transaction.put(&note) }.execute().await)
            }
        }
    }

    pub(super) async fn on_docs(&mut self, db: &TenantDb, who: usize) -> String {
        let (doc, id, n) = (self.doc(who), self.id(), self.chance.u32(..5));
        let key = || Doc::key(id.clone());
        let others = Doc::TEXT.begins_with(WORDS[1 - who]);
        match self.chance.u8(..29) {
            27 | 28 => {
                let search = || db.search_vectors(Doc::NEAR_INDEX.near(&vector(n)));
                let filtered = search().filter(Doc::KIND, doc.kind).project::<DocText>().top_k(2).await;
                let (by_index, by_scan) = (search().top_k(100).await, search().scan_top_k(100).await);
                let own = self.stored(who).await.docs;
                let own = own.iter().filter(|doc| doc.embedding.is_some()).count();
                assert_eq!((by_index.as_ref().unwrap().len(), by_scan.as_ref().unwrap().len()), (own, own));
                format!("{} {} {}", seen(by_index), seen(by_scan), seen(filtered))
            }
            0 | 1 => seen(db.put(&doc).execute().await),
            2 => failure(db.put(&doc).if_not_exists().returning_old_on_failure().execute().await),
            3 => {
                let stolen = Doc { tenant: self.pair[1 - who].to_owned(), ..doc };
                let refused = db.put(&stolen).execute().await;
                assert!(refused.as_ref().is_err_and(|err| err.is_invalid_request()), "{refused:?}");
                seen(refused)
            }
            4 => failure(db.put(&doc).condition(others).returning_old_on_failure().execute().await),
            5 => seen(db.put(&doc).returning_old().await),
            6 => seen(
                db.update(key())
                    .set(Doc::KIND, doc.kind)
                    .set(Doc::N, n)
                    .set(Doc::TEXT, doc.text)
                    .returning_new()
                    .await,
            ),
            7 => failure(
                db.update(key()).set(Doc::N, n).if_exists().returning_old_on_failure().execute().await,
            ),
            8 => seen(
                db.update(key())
                    .set(Doc::N, n)
                    .set(Doc::KIND, doc.kind)
                    .set(Doc::TEXT, doc.text)
                    .returning_old()
                    .await,
            ),
            9 => seen(db.delete(key()).returning_old().await),
            10 => failure(db.delete(key()).condition(others).returning_old_on_failure().execute().await),
            11 => seen(db.get(key()).consistent_read().optional().await),
            12 => seen(db.get(key()).project::<DocText>().optional().await),
            13 => {
                let query = db.query::<Doc>().key(Doc::BY_TENANT_INDEX.partition(()).ge(n)).limit(2);
                let page = query.start_key(self.cursor(who)).page().await;
                self.page(who, page)
            }
            14 => {
                let of_all = db.query::<Doc>().key(Doc::BY_KIND_INDEX.partition(doc.kind)).all().await;
                assert!(of_all.as_ref().is_err_and(|err| err.is_invalid_request()), "{of_all:?}");
                seen(of_all)
            }
            15 => {
                let raw = KeyCondition::raw("tenant = :p", [(":p", self.partition())]);
                seen(db.query::<Doc>().key(raw).start_key(self.cursor(who)).all().await)
            }
            16 => seen(db.batch_get([key(), Doc::key(doc.id)]).all().await),
            17 => seen(db.batch_get([key()]).project::<DocText>().all().await),
            18 => {
                let refused = db.batch_write().put(&doc).execute().await;
                assert!(refused.as_ref().is_err_and(|err| err.is_invalid_request()), "{refused:?}");
                seen(refused)
            }
            19 => seen(db.transact_get(vec![key()]).optional().await),
            24 => {
                let put = Put::new(&doc).returning_old_on_failure();
                let delete = Delete::new(key()).returning_old_on_failure();
                let transaction = db.transact_write().put(put);
                failure(if doc.id == id { transaction } else { transaction.delete(delete) }.execute().await)
            }
            20 | 21 => seen(db.delete(key()).execute().await),
            22 | 23 => {
                let cached = db.get(key()).cached(HOUR).cache_absent().optional().await;
                assert_eq!(
                    cached.as_ref().unwrap(),
                    &db.get(key()).consistent_read().optional().await.unwrap()
                );
                seen(cached)
            }
            _ => {
                let update =
                    Update::new(key()).set(Doc::TEXT, doc.text).set(Doc::KIND, doc.kind).set(Doc::N, n);
                let check = Check::new(Note::key(id.clone()), Note::TEXT.not_exists());
                failure(
                    db.transact_write()
                        .update(update.returning_old_on_failure())
                        .check(check)
                        .execute()
                        .await,
                )
            }
        }
    }
}

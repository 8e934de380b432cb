use dynamorm_ui::User;

fn case() {
    let _ = User::EMAIL_INDEX.partition("a@b.c").eq("b");
    let _ = User::EMAIL_INDEX.partition("a@b.c").lt("b");
    let _ = User::EMAIL_INDEX.partition("a@b.c").le("b");
    let _ = User::EMAIL_INDEX.partition("a@b.c").gt("b");
    let _ = User::EMAIL_INDEX.partition("a@b.c").ge("b");
    let _ = User::EMAIL_INDEX.partition("a@b.c").between("b", "c");
    let _ = User::EMAIL_INDEX.partition("a@b.c").begins_with("b");
}

fn main() {}

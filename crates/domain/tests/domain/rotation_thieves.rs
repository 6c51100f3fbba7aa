//! What follows from the rules of rotation for a thief and a victim who hold the same token, over interleavings made at
//! random.

use proptest::prelude::*;

use crate::rotation_properties::{GRACE, Session, wait};

/// Two who hold the same refresh token and know nothing of each other.
#[derive(Clone, Copy, Debug)]
enum Move {
    /// Refreshes with the newest token it has; with `false` the answer is lost.
    Refresh(bool),
    Use,
}

fn moves() -> impl Strategy<Value = Vec<(u64, usize, Move)>> {
    let one = prop_oneof![3 => any::<bool>().prop_map(|lost| Move::Refresh(!lost)), 2 => Just(Move::Use)];
    prop::collection::vec((wait(), 0..2_usize, one), 1..60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    /// A thief copies the token at any time. From then on, once one of the two has advanced the session, the other gets
    /// a token only within the window, or until the successor has been used by anybody; else its refresh ends the
    /// session for both, for ever.
    #[test]
    fn whoever_falls_behind_ends_the_session_for_both(before in 0..5_u32, moves in moves()) {
        let mut session = Session::begin(GRACE);
        let mut now = 0;
        for generation in 0..before {
            now += GRACE;
            prop_assert_eq!(session.refresh(generation, now), Some(generation + 1));
            prop_assert!(session.uses(generation + 1));
        }
        let mut held = [before, before];
        // Generations of which a token has been shown.
        let mut shown = vec![before];
        let mut over = false;
        for (wait, who, act) in moves {
            now += wait;
            match act {
                Move::Use => {
                    prop_assert_eq!(session.uses(held[who]), !over);
                    shown.push(held[who]);
                }
                Move::Refresh(arrives) => {
                    let behind = session.generation() - held[who];
                    let in_window = session.generation() > 0 && now - *session.began.last().unwrap() < GRACE;
                    let lives = !over
                        && match behind {
                            0 => true,
                            1 => in_window || !shown.contains(&session.generation()),
                            _ => false,
                        };
                    let answer = session.refresh(held[who], now);
                    prop_assert_eq!(answer.is_some(), lives);
                    over = !lives;
                    shown.push(held[who]);
                    held[who] = answer.filter(|_| arrives).unwrap_or(held[who]);
                }
            }
        }
    }

    /// Two who use what they get, before the other one refreshes and with more than a window between refreshes, cannot
    /// both go on: the first refresh of one after a refresh of the other ends the session.
    #[test]
    fn a_thief_and_a_victim_do_not_both_go_on(
        turns in prop::collection::vec((GRACE..100 * GRACE, 0..2_usize), 2..20),
    ) {
        let (mut session, mut held, mut now) = (Session::begin(GRACE), [0, 0], 0);
        let mut last = None;
        for (wait, who) in turns {
            now += wait;
            let answer = session.refresh(held[who], now);
            if last.is_some_and(|last| last != who) {
                prop_assert!(answer.is_none() && !session.uses(held[0]) && !session.uses(held[1]));
                for token in 0..=session.generation() {
                    prop_assert!(session.refresh(token, now).is_none(), "never revived");
                }
                break;
            }
            held[who] = answer.unwrap();
            prop_assert!(session.uses(held[who]));
            last = Some(who);
        }
    }
}

/// The price of repairing lost answers: a thief who keeps its fresh tokens to itself until the victim has refreshed
/// looks like a client whose answer was lost. It has to be there before each refresh of the victim; once it comes too
/// late, or shows its token too early, the session ends.
#[test]
fn a_thief_who_holds_back_is_not_found_out_by_rotation() {
    let mut session = Session::begin(GRACE);
    let (mut thief, mut victim) = (0, 0);
    let mut now = 0;
    for _ in 0..10 {
        now += 30 * 60 * 1000;
        thief = session.refresh(thief, now).unwrap();
        now += GRACE;
        victim = session.refresh(victim, now).unwrap();
        assert!(session.uses(victim) && session.uses(thief));
    }
    now += GRACE;
    thief = session.refresh(thief, now).unwrap();
    assert!(session.uses(thief));
    assert_eq!(session.refresh(victim, now + GRACE), None);
}

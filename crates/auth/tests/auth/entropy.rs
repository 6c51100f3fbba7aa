//! The operating system's randomness.

use plinth_auth::SystemEntropy;
use plinth_domain::Entropy;

#[test]
fn fills_every_byte_anew() {
    let draws: Vec<[u8; 32]> = (0..64)
        .map(|_| {
            let mut bytes = [0; 32];
            SystemEntropy.fill(&mut bytes);
            bytes
        })
        .collect();
    for place in 0..32 {
        assert!(draws.iter().any(|draw| draw[place] != 0), "byte {place} is never filled");
    }
    let distinct: std::collections::HashSet<_> = draws.iter().collect();
    assert_eq!(distinct.len(), draws.len());
}

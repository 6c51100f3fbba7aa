//! Frames on the wire.

/// Opcodes (RFC 6455 §5.2).
pub mod opcode {
    #![expect(missing_docs, reason = "the names are the standard's")]
    pub const CONTINUATION: u8 = 0;
    pub const TEXT: u8 = 1;
    pub const BINARY: u8 = 2;
    pub const CLOSE: u8 = 8;
    pub const PING: u8 = 9;
    pub const PONG: u8 = 10;
}

/// What came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// A text frame.
    Text(String),
    /// A binary frame.
    Binary(Vec<u8>),
    /// A ping, where they are not answered.
    Ping(Vec<u8>),
    /// A pong.
    Pong(Vec<u8>),
    /// A close frame with its code, 1005 where it has none (RFC 6455 §7.1.5), and its reason.
    Close(u16, String),
    /// The connection has ended.
    End,
}

/// A frame of a client, masked (RFC 6455 §5.3).
pub fn frame(opcode: u8, is_final: bool, payload: &[u8]) -> Vec<u8> {
    const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
    let mut bytes = vec![if is_final { 0x80 | opcode } else { opcode }];
    match payload.len() {
        length @ 0..=125 => bytes.push(0x80 | u8::try_from(length).unwrap()),
        length @ 126..=0xffff => {
            bytes.push(0x80 | 126);
            bytes.extend_from_slice(&u16::try_from(length).unwrap().to_be_bytes());
        }
        length => {
            bytes.push(0x80 | 127);
            bytes.extend_from_slice(&u64::try_from(length).unwrap().to_be_bytes());
        }
    }
    bytes.extend_from_slice(&MASK);
    bytes.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    bytes
}

/// The frame that these bytes begin with, and its length; a server masks none, and ours fragments none.
pub(super) fn parse(bytes: &[u8]) -> Option<(Frame, usize)> {
    let (&[first, second], rest) = bytes.split_first_chunk::<2>()?;
    assert_eq!(second & 0x80, 0, "a masked frame from a server");
    assert_eq!(first & 0xf0, 0x80, "a fragment, or reserved bits");
    let (length, rest) = match second {
        126 => {
            let (length, rest) = rest.split_first_chunk::<2>()?;
            (usize::from(u16::from_be_bytes(*length)), rest)
        }
        127 => {
            let (length, rest) = rest.split_first_chunk::<8>()?;
            (usize::try_from(u64::from_be_bytes(*length)).unwrap(), rest)
        }
        length => (usize::from(length), rest),
    };
    let payload = rest.get(..length)?.to_vec();
    let whole = bytes.len() - rest.len() + length;
    let frame = match first & 0xf {
        opcode::TEXT => Frame::Text(String::from_utf8(payload).expect("UTF-8")),
        opcode::BINARY => Frame::Binary(payload),
        opcode::PING => Frame::Ping(payload),
        opcode::PONG => Frame::Pong(payload),
        opcode::CLOSE => match payload.split_first_chunk::<2>() {
            Some((code, reason)) => {
                let reason = String::from_utf8(reason.to_vec()).expect("UTF-8");
                Frame::Close(u16::from_be_bytes(*code), reason)
            }
            None => Frame::Close(1005, String::new()),
        },
        other => panic!("opcode {other}"),
    };
    Some((frame, whole))
}

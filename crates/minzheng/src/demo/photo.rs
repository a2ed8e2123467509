//! Tiny pictures that stand for photographs and scanned papers, no two alike.

use super::dice::Dice;

const WIDTH: usize = 96;
const HEIGHT: usize = 64;

/// Sky, far hills, near hills, ground, wall, roof, door, tree.
type Palette = [[u8; 3]; 8];

const PALETTES: [Palette; 4] = [
    [
        [205, 222, 233],
        [154, 174, 180],
        [118, 143, 120],
        [170, 154, 122],
        [226, 214, 196],
        [120, 66, 52],
        [84, 62, 48],
        [72, 98, 64],
    ],
    [
        [233, 221, 200],
        [186, 170, 150],
        [140, 134, 96],
        [184, 164, 120],
        [214, 206, 198],
        [96, 84, 84],
        [66, 70, 88],
        [96, 104, 56],
    ],
    [
        [190, 198, 206],
        [150, 158, 168],
        [112, 122, 124],
        [146, 140, 128],
        [200, 188, 168],
        [134, 80, 62],
        [70, 56, 50],
        [60, 84, 66],
    ],
    [
        [214, 230, 240],
        [170, 190, 206],
        [196, 204, 208],
        [232, 234, 236],
        [210, 196, 176],
        [104, 70, 62],
        [78, 58, 52],
        [88, 96, 92],
    ],
];

/// Paper, shadow, ink, seal; the rest is not used.
const PAPER: Palette = [
    [246, 243, 236],
    [206, 200, 190],
    [70, 72, 80],
    [178, 52, 44],
    [250, 250, 250],
    [120, 120, 126],
    [160, 160, 166],
    [226, 222, 212],
];

/// A house before hills.
pub fn house(dice: &mut Dice) -> Vec<u8> {
    let palette = dice.pick(&PALETTES);
    png(&palette, &scene(dice))
}

/// A written page with a seal.
pub fn paper(dice: &mut Dice) -> Vec<u8> {
    png(&PAPER, &page(dice))
}

/// A PNG of 96 × 64 points in a palette of eight colours.
fn png(palette: &Palette, picture: &[u8]) -> Vec<u8> {
    let mut file = vec![0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n'];
    let mut header = Vec::new();
    header.extend((WIDTH as u32).to_be_bytes());
    header.extend((HEIGHT as u32).to_be_bytes());
    // Four bits a point, indexed colour, the only compression and filter methods there are, not interlaced.
    header.extend([4, 3, 0, 0, 0]);
    chunk(&mut file, b"IHDR", &header);
    chunk(&mut file, b"PLTE", &palette.concat());
    let mut rows = Vec::with_capacity(HEIGHT * (WIDTH / 2 + 1));
    for row in picture.chunks(WIDTH) {
        rows.push(0);
        rows.extend(row.chunks(2).map(|pair| pair[0] << 4 | pair[1]));
    }
    chunk(&mut file, b"IDAT", &stored(&rows));
    chunk(&mut file, b"IEND", &[]);
    file
}

fn page(dice: &mut Dice) -> Vec<u8> {
    let mut points = vec![0; WIDTH * HEIGHT];
    let mut fill = |left: usize, top: usize, width: usize, colour: u8| {
        points[top * WIDTH + left..top * WIDTH + (left + width).min(WIDTH)].fill(colour);
    };
    for y in 0..HEIGHT {
        fill(0, y, 4, 1);
    }
    fill(30, 6, dice.between(24, 36) as usize, 2);
    fill(30, 7, 30, 2);
    for line in 0..9 {
        let top = 14 + line * 5;
        fill(12, top, dice.between(30, 76) as usize, 5);
    }
    let (left, top) = (dice.between(56, 72) as usize, dice.between(42, 50) as usize);
    for line in 0..10 {
        let inset = [3, 1, 1, 0, 0, 0, 0, 1, 1, 3][line];
        fill(left + inset, top + line, 12 - 2 * inset, 3);
    }
    points
}

fn scene(dice: &mut Dice) -> Vec<u8> {
    let mut points = vec![0; WIDTH * HEIGHT];
    let (far, near) = (ridge(dice, 18), ridge(dice, 30));
    for y in 0..HEIGHT {
        for x in 0..WIDTH {
            let layer = [(46, 3), (near[x], 2), (far[x], 1)].into_iter().find(|(top, _)| y >= *top);
            points[y * WIDTH + x] = layer.map_or(0, |(_, colour)| colour);
        }
    }
    let mut fill = |left: usize, top: usize, width: usize, height: usize, colour: u8| {
        for y in top..(top + height).min(HEIGHT) {
            for x in left..(left + width).min(WIDTH) {
                points[y * WIDTH + x] = colour;
            }
        }
    };
    let left = dice.between(10, 44) as usize;
    let width = dice.between(24, 36) as usize;
    let top = dice.between(32, 38) as usize;
    fill(left, top, width, 54 - top, 4);
    for line in 0..6 {
        fill(left + line - 2, top - line, width + 4 - 2 * line, 1, 5);
    }
    fill(left + dice.between(3, 18) as usize, 44, 5, 10, 6);
    let tree = dice.between(2, 88) as usize;
    fill(tree + 2, 40, 2, 12, 6);
    fill(tree, 32, 6, 9, 7);
    points
}

/// The height of a line of hills at each column, as the row of its top.
fn ridge(dice: &mut Dice, base: usize) -> Vec<usize> {
    let mut height = base + dice.below(6) as usize;
    let mut ridge = Vec::with_capacity(WIDTH);
    for _ in 0..WIDTH {
        match dice.below(3) {
            0 if height > base - 8 => height -= 1,
            1 if height < base + 12 => height += 1,
            _ => {}
        }
        ridge.push(height);
    }
    ridge
}

fn chunk(file: &mut Vec<u8>, kind: &[u8; 4], content: &[u8]) {
    file.extend((content.len() as u32).to_be_bytes());
    let start = file.len();
    file.extend(kind);
    file.extend(content);
    let sum = crc32(&file[start..]);
    file.extend(sum.to_be_bytes());
}

/// A zlib stream of one stored block (RFC 1950, RFC 1951): the pictures are too small to be worth compressing.
fn stored(content: &[u8]) -> Vec<u8> {
    let length = content.len() as u16;
    let mut stream = vec![0x78, 0x01, 0x01];
    stream.extend(length.to_le_bytes());
    stream.extend((!length).to_le_bytes());
    stream.extend(content);
    stream.extend(adler32(content).to_be_bytes());
    stream
}

fn crc32(bytes: &[u8]) -> u32 {
    let mut sum = u32::MAX;
    for byte in bytes {
        sum ^= u32::from(*byte);
        for _ in 0..8 {
            sum = if sum & 1 == 1 { sum >> 1 ^ 0xedb8_8320 } else { sum >> 1 };
        }
    }
    !sum
}

fn adler32(bytes: &[u8]) -> u32 {
    let (mut a, mut b) = (1_u32, 0_u32);
    for byte in bytes {
        a = (a + u32::from(*byte)) % 65_521;
        b = (b + a) % 65_521;
    }
    b << 16 | a
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_as_published() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        assert_eq!(adler32(b"Wikipedia"), 0x11e6_0398);
    }

    #[test]
    fn pictures_are_small_and_differ() {
        let mut dice = Dice::new(1, 1);
        for draw in [house, paper] {
            let mut pictures: Vec<Vec<u8>> = (0..60).map(|_| draw(&mut dice)).collect();
            assert!(pictures.iter().all(|p| p.starts_with(b"\x89PNG\r\n\x1a\n") && p.len() < 4_096));
            pictures.sort();
            pictures.dedup();
            assert_eq!(pictures.len(), 60);
        }
    }
}

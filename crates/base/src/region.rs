//! Administrative divisions: the 12-digit statistical code (province 2, city 2, county 2, township 3, village 3).

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::reference::{ReferenceError, rows};
use crate::typed::tidy;

/// A 12-digit code, stored and shown as its digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RegionCode(u64);

/// A text that is no region code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("“{0}”不是区划代码；应为12位数字，或省2位、市4位、县6位、乡镇9位")]
pub struct RegionCodeError(pub String);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    Province,
    City,
    County,
    Township,
    Village,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Region {
    pub code: RegionCode,
    pub level: Level,
    /// The official name, for a village that of its committee: `田湖村村民委员会`.
    pub name: String,
    /// `None` for a province.
    pub parent: Option<RegionCode>,
    /// A remark, for example that the region exists in the demonstration only.
    pub note: Option<String>,
}

/// All known regions as a tree.
#[derive(Clone, Debug, Default)]
pub struct Regions {
    /// In the order of their codes, so that a region stands before everything within it.
    regions: Vec<Region>,
}

impl RegionCode {
    /// The whole country, which contains every other code. It stands in no table.
    pub const NATION: Self = Self(0);

    /// Reads 12 digits, or the shorter forms of 2, 4, 6 and 9 digits that zeros complete.
    pub fn parse(text: &str) -> Result<Self, RegionCodeError> {
        let digits = tidy(text);
        let plain = matches!(digits.len(), 2 | 4 | 6 | 9 | 12) && digits.bytes().all(|b| b.is_ascii_digit());
        if !plain {
            return Err(RegionCodeError(text.to_owned()));
        }
        format!("{digits:0<12}").parse().map(Self).map_err(|_| RegionCodeError(text.to_owned()))
    }

    /// The region of a level in which this one lies: its code cut off there. One of a higher level stays as it is.
    pub fn at(self, level: Level) -> Self {
        let below = level.below();
        Self(self.0 / below * below)
    }

    /// The part of this region, one level below it, in which another one lies.
    pub fn part(self, within: Self) -> Self {
        let own = self.level().and_then(|level| Level::ALL.into_iter().position(|known| known == level));
        let below = own.map_or(0, |own| (own + 1).min(Level::ALL.len() - 1));
        within.at(Level::ALL[below])
    }

    /// The level that the zeros at the end leave; `None` for the nation.
    pub fn level(self) -> Option<Level> {
        Level::ALL.into_iter().find(|level| self != Self::NATION && self.at(*level) == self)
    }

    /// Whether `other` is this region or lies within it, by the digits of the codes alone.
    pub fn contains(self, other: Self) -> bool {
        let scale = self.scale();
        self.0 / scale == other.0 / scale
    }

    /// The first and the last code within this region, as text: both 12 digits, so that text order is code order.
    pub fn bounds(self) -> (String, String) {
        let scale = self.scale();
        let low = self.0 / scale * scale;
        (format!("{low:012}"), format!("{:012}", low + scale - 1))
    }

    /// The first six digits, as identity numbers and county registers use them.
    pub fn county_digits(self) -> String {
        format!("{:06}", self.0 / 1_000_000)
    }

    /// The power of ten that cuts the levels below this region off its code.
    fn scale(self) -> u64 {
        self.level().map_or(1_000_000_000_000, Level::below)
    }
}

impl Level {
    /// From the highest to the lowest.
    const ALL: [Self; 5] = [Self::Province, Self::City, Self::County, Self::Township, Self::Village];

    /// The power of ten that cuts the levels below this one off a code.
    fn below(self) -> u64 {
        match self {
            Self::Province => 10_000_000_000,
            Self::City => 100_000_000,
            Self::County => 1_000_000,
            Self::Township => 1_000,
            Self::Village => 1,
        }
    }
}

impl fmt::Display for RegionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:012}", self.0)
    }
}

impl fmt::Debug for RegionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RegionCode({self})")
    }
}

impl TryFrom<String> for RegionCode {
    type Error = RegionCodeError;

    fn try_from(text: String) -> Result<Self, RegionCodeError> {
        Self::parse(&text)
    }
}

impl From<RegionCode> for String {
    fn from(code: RegionCode) -> Self {
        code.to_string()
    }
}

impl Level {
    fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "province" => Self::Province,
            "city" => Self::City,
            "county" => Self::County,
            "township" => Self::Township,
            "village" => Self::Village,
            _ => return None,
        })
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Level::Province => "省",
            Level::City => "市",
            Level::County => "县",
            Level::Township => "乡镇",
            Level::Village => "村",
        })
    }
}

impl Region {
    /// The place as an address names it: a village without its committee (`田湖村`, `凤阳社区`).
    pub fn place(&self) -> &str {
        let committees = ["村民委员会", "居民委员会", "村委会", "居委会"];
        let place = committees.into_iter().find_map(|committee| self.name.strip_suffix(committee));
        place.filter(|place| self.level == Level::Village && !place.is_empty()).unwrap_or(&self.name)
    }

    /// Cities that exist only to hold a province's own counties and districts; no address names them.
    pub fn is_placeholder(&self) -> bool {
        let placeholders = ["市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划"];
        self.level == Level::City && placeholders.contains(&self.name.as_str())
    }
}

impl Regions {
    /// Reads tables with the columns `code,level,name,parent` and optionally `note`; together they must form a tree.
    /// A repeated code, an unknown level and a parent that is missing or does not contain the code are errors.
    pub fn parse(tables: &[&str]) -> Result<Self, ReferenceError> {
        let mut found = Vec::new();
        for table in tables {
            for row in rows(table, &["code", "level", "name", "parent"])? {
                let region = read_region(&row.fields).map_err(|what| ReferenceError::new(row.line, what))?;
                // A city without counties is listed once more as its own county.
                if region.parent != Some(region.code) {
                    found.push((row.line, region));
                }
            }
        }
        found.sort_by_key(|(_, region)| region.code);
        if let Some(pair) = found.windows(2).find(|pair| pair[0].1.code == pair[1].1.code) {
            return Err(ReferenceError::new(pair[1].0, format!("区划代码{}重复", pair[1].1.code)));
        }
        let lines: Vec<usize> = found.iter().map(|(line, _)| *line).collect();
        let regions = Self { regions: found.into_iter().map(|(_, region)| region).collect() };
        for (region, line) in regions.regions.iter().zip(lines) {
            if let Some(parent) = region.parent
                && !(regions.get(parent).is_some_and(|parent| parent.level < region.level)
                    && parent.contains(region.code))
            {
                return Err(ReferenceError::new(line, format!("“{}”的上级{parent}不存在或不是它的上级", region.name)));
            }
        }
        Ok(regions)
    }

    pub fn get(&self, code: RegionCode) -> Option<&Region> {
        let at = self.regions.binary_search_by_key(&code, |region| region.code).ok()?;
        Some(&self.regions[at])
    }

    /// The official name of the region alone.
    pub fn name(&self, code: RegionCode) -> Option<&str> {
        self.get(code).map(|region| region.name.as_str())
    }

    /// The full place name, `河南省洛阳市嵩县田湖镇田湖村`.
    pub fn path(&self, code: RegionCode) -> Option<String> {
        self.get(code)?;
        let mut parts: Vec<&str> = Vec::new();
        for region in self.lineage(code).into_iter().filter(|region| !region.is_placeholder()) {
            let place = region.place();
            // Some townships repeat the name of their city: 济源市沁园街道 within 济源市.
            if parts.last().is_some_and(|last| place.starts_with(last)) {
                parts.pop();
            }
            parts.push(place);
        }
        Some(parts.concat())
    }

    /// The region and all that contain it, the largest first; empty for an unknown code.
    pub fn lineage(&self, code: RegionCode) -> Vec<&Region> {
        let mut lineage: Vec<&Region> =
            std::iter::successors(self.get(code), |region| region.parent.and_then(|parent| self.get(parent))).collect();
        lineage.reverse();
        lineage
    }

    /// The regions directly below, in the order of their codes; of the whole country, the provinces.
    pub fn children(&self, code: RegionCode) -> impl Iterator<Item = &Region> {
        let parent = (code != RegionCode::NATION).then_some(code);
        self.within(code).filter(move |region| region.parent == parent)
    }

    /// The region and everything below it, in the order of the codes.
    pub fn within(&self, code: RegionCode) -> impl Iterator<Item = &Region> {
        let start = self.regions.partition_point(|region| region.code < code);
        self.regions[start..].iter().take_while(move |region| code.contains(region.code))
    }
}

fn read_region(fields: &[&str]) -> Result<Region, String> {
    let code = RegionCode::parse(fields[0]).map_err(|error| error.to_string())?;
    let level = Level::parse(fields[1])
        .ok_or_else(|| format!("“{}”不是级别；应为 province、city、county、township 或 village", fields[1]))?;
    if fields[2].is_empty() {
        return Err(format!("区划{code}没有名称"));
    }
    let parent = match fields[3] {
        "" => None,
        text => Some(RegionCode::parse(text).map_err(|error| error.to_string())?),
    };
    if parent.is_none() != (level == Level::Province) {
        return Err(format!("“{}”的上级代码应{}", fields[2], if parent.is_none() { "填写" } else { "留空" }));
    }
    let note = fields.get(4).filter(|note| !note.is_empty()).map(|note| (*note).to_owned());
    Ok(Region { code, level, name: fields[2].to_owned(), parent, note })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> Regions {
        Regions::parse(&[
            include_str!("../../../reference/divisions/villages-410325-songxian.csv"),
            include_str!("../../../reference/divisions/villages-440304-futian.csv"),
            include_str!("../../../reference/divisions/counties.csv"),
            include_str!("../../../reference/divisions/townships.csv"),
            include_str!("../../../reference/divisions/demo-villages.csv"),
        ])
        .unwrap()
    }

    fn code(text: &str) -> RegionCode {
        RegionCode::parse(text).unwrap()
    }

    #[test]
    fn codes_read_store_and_contain() {
        assert_eq!(code("41").to_string(), "410000000000");
        assert_eq!(code("410325101"), code(" 410325101000 "));
        assert_eq!(serde_json::to_string(&code("410325")).unwrap(), "\"410325000000\"");
        for text in ["", "4", "41032", "41032510100", "4103251010001", "41o325", "-1"] {
            assert!(RegionCode::parse(text).is_err(), "{text}");
        }
        let levels = [("41", Level::Province), ("410300", Level::City), ("410325", Level::County)];
        for (text, level) in levels {
            assert_eq!(code(text).level(), Some(level));
        }
        assert_eq!((code("410325101").level(), RegionCode::NATION.level()), (Some(Level::Township), None));
        let village = code("410325101998");
        assert_eq!(village.level(), Some(Level::Village));
        for region in ["41", "4103", "410325", "410325101", "410325101998"] {
            assert!(code(region).contains(village), "{region}");
            assert!(RegionCode::NATION.contains(code(region)));
        }
        for region in ["42", "4104", "410326", "410325102", "410325101999"] {
            assert!(!code(region).contains(village), "{region}");
        }
        assert!(!village.contains(code("410325101")));
        assert!(code("4419").contains(code("441900003000")));
        assert_eq!(village.county_digits(), "410325");
    }

    #[test]
    fn the_tree_of_the_country() {
        let regions = known();
        assert_eq!(regions.name(code("410325")), Some("嵩县"));
        assert_eq!(regions.path(code("410325101200")).unwrap(), "河南省洛阳市嵩县田湖镇田湖村");
        assert_eq!(regions.path(code("410325101998")).unwrap(), "河南省洛阳市嵩县田湖镇盛源村");
        assert_eq!(regions.path(code("419001")).unwrap(), "河南省济源市");
        assert_eq!(regions.path(code("99")), None);
        assert!(regions.get(code("410325101999")).unwrap().note.as_deref().unwrap().contains("演示"));
        assert_eq!(regions.children(RegionCode::NATION).count(), 31);
        assert_eq!(regions.children(code("41")).count(), 18);
        assert_eq!(regions.children(code("4103")).count(), 15);
        assert_eq!(regions.within(code("410325")).filter(|region| region.level == Level::Village).count(), 342);
        assert_eq!(regions.within(code("440304")).filter(|region| region.level == Level::Village).count(), 93);
        assert!(regions.children(code("410325")).all(|region| region.level == Level::Township));
    }

    #[test]
    fn refuses_what_is_no_tree() {
        let province = "code,level,name,parent\n41,province,河南省,\n";
        let refused = |row: &str| Regions::parse(&[&format!("{province}{row}")]).unwrap_err();
        assert_eq!(refused("41,province,河南省,").to_string(), "参考数据第3行：区划代码410000000000重复");
        assert_eq!(refused("4203,city,十堰市,41").line, 3);
        assert_eq!(refused("410325,county,嵩县,4103").line, 3);
        assert_eq!(refused("4103,town,洛阳市,41").line, 3);
        assert_eq!(refused("4103,city,洛阳市,").line, 3);
        assert_eq!(refused("4103,city,,41").line, 3);
        assert!(
            Regions::parse(&[province, "code,level,name,parent\n4101,city,甲市,41\n4101,county,甲市,4101\n"]).is_ok()
        );
    }
}

//! The people who work in the demo county, and who of them may take a case.

use std::collections::BTreeSet;
use std::sync::Arc;

use base::{Level, RegionCode, Regions};
use casework::{Actor, StaffEvent, State};

use super::families::Registry;

/// Everybody with an account.
pub struct Office {
    pub staff: Vec<Colleague>,
}

pub struct Colleague {
    pub actor: Actor,
    /// What the journal records of the engagement.
    pub engaged: StaffEvent,
}

/// Townships by their sound, because account names are typed on any keyboard.
const TOWNSHIPS: [(&str, &str); 19] = [
    ("410325100", "chengguan"),
    ("410325101", "tianhu"),
    ("410325102", "jiuxian"),
    ("410325103", "checun"),
    ("410325104", "yanzhuang"),
    ("410325105", "deting"),
    ("410325106", "dazhang"),
    ("410325107", "baihe"),
    ("410325108", "zhifang"),
    ("410325109", "fanpo"),
    ("410325110", "jiugao"),
    ("410325111", "luhun"),
    ("410325201", "daping"),
    ("410325203", "hecun"),
    ("410325209", "huangzhuang"),
    ("410325210", "muzhijie"),
    ("410325400", "taocun"),
    ("410325401", "wumasi"),
    ("410325402", "wangmangzhai"),
];

/// Accounts of the county, and of each township; village officers come on top.
const COUNTY_POSTS: [(&str, &str); 8] = [
    ("checker1", "县级核对员"),
    ("checker2", "县级核对员"),
    ("clerk1", "县级经办"),
    ("clerk2", "县级经办"),
    ("clerk3", "县级经办"),
    ("chief1", "县级科长"),
    ("chief2", "县级科长"),
    ("auditor1", "审计员"),
];
const TOWN_POSTS: [(&str, &str); 4] =
    [("clerk1", "乡镇经办"), ("clerk2", "乡镇经办"), ("head1", "乡镇负责人"), ("officer", "村级协理员")];

impl Office {
    /// Fills every post of the county; `password` is the hash that all demo accounts share.
    pub fn staff(regions: &Regions, county: RegionCode, registry: &mut Registry, password: &str) -> Self {
        let mut office = Self { staff: Vec::new() };
        let mut names = BTreeSet::new();
        let mut engage = |id: String, role: &str, region: RegionCode| {
            let (name, number) = loop {
                let (name, number) = registry.grown();
                if names.insert(name.clone()) {
                    break (Arc::<str>::from(name), number);
                }
            };
            let engaged = StaffEvent::Engaged {
                name: name.clone(),
                role: role.into(),
                region,
                number: Some(number),
                password: password.to_owned(),
            };
            let actor = Actor { id: id.into(), name, role: role.into(), region, number: Some(number) };
            office.staff.push(Colleague { actor, engaged });
        };
        for (post, role) in COUNTY_POSTS {
            engage(format!("county_{post}"), role, county);
        }
        for town in regions.children(county) {
            let sound = sound(town.code);
            for (post, role) in TOWN_POSTS {
                engage(format!("{sound}_{post}"), role, town.code);
            }
            for village in regions.children(town.code).filter(|r| r.level == Level::Village) {
                engage(village_account(village.code), "村级协理员", village.code);
            }
        }
        office
    }

    /// Those of a role whose jurisdiction holds the place, the nearest first, without relatives and those to be avoided.
    pub fn able<'a>(
        &'a self,
        role: &'a str,
        place: RegionCode,
        state: Option<&'a State>,
        avoid: &'a [Arc<str>],
    ) -> Vec<&'a Actor> {
        let recused = |id: &str| state.is_some_and(|s| s.filed.iter().any(|f| &*f.staff == id));
        let all = self.staff.iter().map(|c| &c.actor);
        let mut able: Vec<&Actor> = all
            .filter(|a| &*a.role == role && a.region.contains(place))
            .filter(|a| !recused(&a.id) && !avoid.contains(&a.id))
            .collect();
        able.sort_by_key(|a| std::cmp::Reverse(a.region));
        able
    }
}

fn sound(town: RegionCode) -> String {
    let code = town.to_string();
    let known = TOWNSHIPS.iter().find(|(digits, _)| code.starts_with(digits));
    known.map_or_else(|| format!("t{}", &code[6..9]), |(_, sound)| (*sound).to_owned())
}

/// `tianhu_village998`: the township and the last three digits of the village's code.
pub fn village_account(village: RegionCode) -> String {
    format!("{}_village{}", sound(village), &village.to_string()[9..])
}

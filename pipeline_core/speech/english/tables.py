"""Words for what is written short: months, titles, abbreviations, units, currencies, symbols."""

from __future__ import annotations


def _pairs(text: str) -> dict[str, str]:
    """Read "short: long" pairs, one per ";"."""
    pairs = (pair.partition(":") for pair in text.split(";") if pair.strip())
    return {short.strip(): long.strip() for short, _, long in pairs}


MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
          "November", "December")  # fmt: skip
MONTH_NUMBERS = {name[:3].lower(): i + 1 for i, name in enumerate(MONTHS)}

TITLES = _pairs("""
Mr: Mister; Mrs: Missus; Ms: Miz; Mx: Mix; Dr: Doctor; Prof: Professor; St: Saint; Mt: Mount; Ft: Fort; Gen: General;
Gov: Governor; Sen: Senator; Rep: Representative; Capt: Captain; Lt: Lieutenant; Col: Colonel; Sgt: Sergeant;
Cmdr: Commander; Rev: Reverend; Hon: Honorable; Pres: President; Supt: Superintendent; Cpl: Corporal; Maj: Major;
Adm: Admiral; Fr: Father; Msgr: Monsignor; Sr: Sister
""")
"""Before a name, with or without a full stop."""

ABBREVIATIONS = _pairs("""
Mr: Mister; Mrs: Missus; Ms: Miz; Dr: Doctor; Prof: Professor; Jr: Junior; Sr: Senior; St: Street; Mt: Mount;
Ave: Avenue; Blvd: Boulevard; Rd: Road; Ln: Lane; Hwy: Highway; Pkwy: Parkway; Ste: Suite; Apt: Apartment;
Bldg: Building; Sq: Square; Ltd: Limited; Inc: Incorporated; Corp: Corporation; Co: Company; Bros: Brothers;
Dept: Department; Univ: University; Assn: Association; Assoc: Associates; Govt: Government; Gen: General;
Gov: Governor; Sen: Senator; Rep: Representative; Capt: Captain; Lt: Lieutenant; Col: Colonel; Sgt: Sergeant;
Rev: Reverend; Hon: Honorable; Pres: President; Atty: Attorney; Supt: Superintendent; Esq: Esquire;
approx: approximately; est: established; vs: versus; vol: volume; fig: figure; ch: chapter; pp: pages; pg: page;
ed: edition; eds: editors; nos: numbers; cf: compare; et al: et al; ca: circa; incl: including; misc: miscellaneous;
max: maximum; min: minimum; avg: average; temp: temperature; tel: telephone; ext: extension; dept: department;
Jan: January; Feb: February; Mar: March; Apr: April; Jun: June; Jul: July; Aug: August; Sep: September;
Sept: September; Oct: October; Nov: November; Dec: December; Mon: Monday; Tue: Tuesday; Tues: Tuesday;
Wed: Wednesday; Thu: Thursday; Thur: Thursday; Thurs: Thursday; Fri: Friday; Sat: Saturday; Sun: Sunday;
Vol: Volume; Fig: Figure; Ch: Chapter; viz: namely; ibid: ibid
""")
"""Only with their full stop. Those that are words without it (no, in, sat) need it all the more."""

WITHOUT_STOP = _pairs("""
vs: versus; w/: with; w/o: without; aka: also known as; AKA: also known as; BTW: by the way; IMO: in my opinion;
TBD: to be determined; FYI: F.Y.I; ASAP: A.S.A.P; DIY: D.I.Y; e.g: for example; i.e: that is; a.k.a: also known as
""")
"""Also without a full stop."""

_UNITS = """
km kilometer; cm centimeter; mm millimeter; nm nanometer; µm micrometer; μm micrometer; kg kilogram; mg milligram;
µg microgram; mcg microgram; lb pound; lbs pound; oz ounce; ft foot/feet; yd yard; yds yard; mi mile; ml milliliter;
mL milliliter; cl centiliter; kph kilometer_per hour; km/h kilometer_per hour; mph mile_per hour; m/s meter_per second;
Hz hertz/hertz; kHz kilohertz/kilohertz; MHz megahertz/megahertz; GHz gigahertz/gigahertz; kB kilobyte; KB kilobyte;
MB megabyte; GB gigabyte; TB terabyte; PB petabyte; kbps kilobit_per second; Mbps megabit_per second;
Gbps gigabit_per second; hr hour; hrs hour; min minute; mins minute; sec second; secs second; ms millisecond;
kWh kilowatt_hour; mAh milliamp_hour; kW kilowatt; MW megawatt; GW gigawatt; fps frame_per second; dB decibel;
rpm revolution_per minute; psi pound_per square inch; cc cubic_centimeter; sqft square_foot/square_feet; px pixel;
dpi dot_per inch; ha hectare; hp horsepower/horsepower; kcal kilocalorie; kJ kilojoule; kPa kilopascal; hPa hectopascal;
mV millivolt; kV kilovolt; mA milliamp; µs microsecond; ns nanosecond; kt knot; bpm beat_per minute
"""


def _unit(text: str) -> tuple[str, tuple[str, str]]:
    short, words = text.split(maxsplit=1)
    if "/" in words:
        one, many = words.split("/")
    elif "_per " in words:
        one, many = words.replace("_per ", " per "), words.replace("_per ", "s per ")
    else:
        one, many = words, words + "s"
    return short, (one.replace("_", " "), many.replace("_", " "))


UNITS = dict(_unit(part) for part in _UNITS.split(";"))
"""Short -> one and several of it."""
LONE_UNITS = {"m": ("meter", "meters"), "g": ("gram", "grams"), "l": ("liter", "liters"), "L": ("liter", "liters"),
              "h": ("hour", "hours"), "s": ("second", "seconds"), "V": ("volt", "volts"), "W": ("watt", "watts"),
              "in": ("inch", "inches"), "t": ("ton", "tons")}  # fmt: skip
"""Units of one letter, and one that is a word: only where the number touches them ("5m")."""

CURRENCIES = {"$": ("dollar", "dollars", "cent", "cents"), "£": ("pound", "pounds", "penny", "pence"),
              "€": ("euro", "euros", "cent", "cents"), "¥": ("yen", "yen", "", ""),
              "₹": ("rupee", "rupees", "paisa", "paise"), "₩": ("won", "won", "", ""),
              "₽": ("ruble", "rubles", "kopeck", "kopecks"), "₿": ("bitcoin", "bitcoins", "", ""),
              "US$": ("dollar", "dollars", "cent", "cents"), "USD": ("dollar", "dollars", "cent", "cents"),
              "EUR": ("euro", "euros", "cent", "cents"), "GBP": ("pound", "pounds", "penny", "pence"),
              "CHF": ("franc", "francs", "centime", "centimes"), "Rs": ("rupee", "rupees", "paisa", "paise"),
              }  # fmt: skip
"""Sign -> one, several, one and several of its hundredth."""
MAGNITUDES = {"k": "thousand", "K": "thousand", "m": "million", "M": "million", "mn": "million", "bn": "billion",
              "b": "billion", "B": "billion", "tn": "trillion", "T": "trillion"}  # fmt: skip

SYMBOLS = {"%": "percent", "&": "and", "@": "at", "+": "plus", "=": "equals", "<": "less than", ">": "greater than",
           "≈": "about", "°": "degrees", "¢": "cents", "§": "section", "¶": "paragraph",
           "±": "plus or minus", "×": "times", "÷": "divided by", "−": "minus", "©": "copyright", "→": "to",
           "≤": "at most", "≥": "at least", "≠": "is not", "∞": "infinity", "√": "the square root of", "π": "pi",
           "½": "one half", "⅓": "one third", "¼": "one quarter", "¾": "three quarters", "⅔": "two thirds",
           "²": "squared", "³": "cubed", "‰": "per mille", "^": "to the power of", "№": "number", "#": "hash",
           "µ": "micro", "€": "euros", "£": "pounds", "¥": "yen"}  # fmt: skip
"""What is left of them in the end is read like this."""
SILENT = "™®•←↑↓*_\\`{}¬¦|~$"
"""Marks that are not read."""

NUMBERED, RULERS = (frozenset(line.split()) for line in (
    """chapter part act scene section volume book phase article mark type level stage class grade round episode bowl war
    apollo gemini fantasy rocky""",
    """pope king queen henry louis edward george william charles james richard elizabeth napoleon pius benedict leo paul
    ramses frederick philip alexander nicholas peter catherine ivan umberto emmanuel gustav christian ferdinand"""))
"""Words before a Roman numeral that counts ("Chapter IV" is "chapter four"), and names before one that ranks ("Henry
VIII" is "Henry the eighth")."""

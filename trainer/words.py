"""The words from which the made-up pretraining corpus is built."""

SYLLABLES = (
    "bel bri cor dal den el fen gar hal im jor kal lin lu mar mi nel nor ol or pel qui ra ren ro sal sen sol ta tel "
    "tor u va ven vi wen xa yor ze zin lo ko pa ki mo du fi na"
).split()

FIRST_NAMES = (
    "Ada Amir Anna Ben Bruno Carla Chen Clara David Dora Elif Emma Felix Fatima Grace Hana Henry Ines Ivan Jonas Julia "
    "Kemal Lara Leo Lucia Maria Marco Mina Nadia Noah Olga Omar Paul Petra Priya Rosa Samuel Sara Tom Uma Vera Yusuf Zoe"
).split()

TOWNS = (
    "Aldermoor Brightwater Calder Dunmore Eastfield Fairhaven Glenrock Harrowgate Inverley Kingsbridge Lakeside Milton "
    "Northwood Oakham Pinehurst Queensport Redcliff Stonebridge Thornbury Westbrook"
).split()

DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
MONTHS = "January February March April May June July August September October November December".split()
NUMBERS = "one two three four five six seven eight nine ten twelve fifteen twenty thirty forty fifty sixty ninety".split()
COLORS = "red green blue white yellow orange purple grey black amber".split()
UNITS = (
    "minutes hours days weeks months years seconds metres centimetres kilometres degrees litres grams".split()
)

# what a made-up company sells: the product, its parts, what it does
PRODUCTS = {
    "coffee machine": ("water tank, filter, nozzle, drip tray, grinder, steam valve", "brew coffee"),
    "robot vacuum": ("brush, dust bin, charging dock, bumper, sensor, side wheel", "clean the floor"),
    "thermostat": ("display, dial, base plate, relay, temperature sensor, cover", "heat the house"),
    "electric bike": ("battery, motor, brake, chain, front light, handlebar, saddle", "ride to work"),
    "doorbell": ("camera, button, chime, mounting bracket, speaker, transformer", "see who is at the door"),
    "garden lamp": ("solar panel, bulb, pole, timer, ground spike, cable", "light the path"),
    "aquarium": ("pump, heater, filter, lid, lamp, thermometer, hose", "keep fish healthy"),
    "dishwasher": (
        "spray arm, basket, door seal, rinse aid tray, drain hose, salt container",
        "wash the dishes",
    ),
    "smart lock": ("keypad, bolt, battery cover, handle, key card, hub", "open the door"),
    "weather station": ("rain gauge, wind vane, antenna, screen, outdoor sensor, mast", "measure the rain"),
    "printer": ("paper tray, cartridge, scanner glass, roller, power button, USB port", "print documents"),
    "headphones": ("ear pads, microphone, headband, charging case, volume key, cable", "listen to music"),
    "heat pump": ("compressor, fan, control panel, valve, outdoor unit, pressure gauge", "warm the water"),
    "plant light": (
        "LED strip, clamp, remote control, power adapter, timer, reflector",
        "grow herbs indoors",
    ),
    "pet feeder": (
        "food bowl, lid, portion wheel, camera, power plug, desiccant box",
        "feed the cat on time",
    ),
    "washing machine": ("drum, detergent drawer, hose, filter, door lock, inlet valve", "wash clothes"),
    "air purifier": ("filter, fan, pre-filter, touch panel, air quality sensor, grille", "clean the air"),
    "tablet": ("screen, stylus, charger, camera, keyboard, speaker", "read and draw"),
    "router": (
        "antenna, power cable, reset button, network port, status light, wall mount",
        "connect devices",
    ),
    "irrigation pump": (
        "impeller, inlet hose, pressure switch, float, controller, gasket",
        "water the field",
    ),
}

SYMPTOMS = (
    "does not turn on|makes a loud noise|blinks {color}|leaks water|is too slow|loses the connection|shows an error|gets too hot|"
    "stops after {number} minutes|does not respond|is stuck|will not charge|reports a wrong value|disconnects at night|"
    "does not start in the morning|smells strange|vibrates|shows {color} light|freezes during an update|drains too quickly"
).split("|")

CAUSES = (
    "the {part} is dirty|the {part} is not seated properly|the software is out of date|the battery is almost empty|"
    "the signal is too weak|the {part} is worn|something blocks the {part}|the cable is loose|air is trapped in the {part}|"
    "the power supply was interrupted|the clock is set to the wrong time zone|the {part} has not been paired yet"
).split("|")

REMEDIES = (
    "Clean the {part} with a dry cloth|Rinse the {part} under warm water|Hold the power button for {number} seconds|"
    "Install the latest update in the app|Replace the {part} after {number} months|Move it closer to the router|"
    "Unplug it, wait {number} seconds and plug it in again|Tighten the {part} by hand|Remove the {part} and put it back|"
    "Charge it for at least {number} hours|Check that the {part} sits flat|Open the app and choose {menu}|"
    "Delete the device in the app and add it again|Press the {part} until you hear a click|"
    "Turn the {part} clockwise until it stops|Reset it with a pin for {number} seconds|Empty the {part} every {day}"
).split("|")

RESULTS = (
    "the light turns {color}|the app shows a check mark|you hear {number} short beeps|the screen says Ready|"
    "the new setting takes effect|everything works as before|the status changes to online|it starts within {number} seconds|"
    "the warning disappears|a confirmation is sent by e-mail|the display shows the new value"
).split("|")

MENUS = (
    "Settings|Devices|Account|Schedule|History|Notifications|Wi-Fi|Privacy|Updates|Help|Billing|Members|Zones|Energy|"
    "Reports|Sharing|Calibration|Advanced|Language|Time zone"
).split("|")

SERVICES = {
    "opening hours": "{number} to {number2} o'clock|from {day} to {day2}|every day except {day}",
    "delivery time": "{number} working days|{number} to {number2} days|about {number} weeks",
    "return period": "{number} days|{number} weeks after delivery|until the end of {month}",
    "warranty": "{number} years|{number} months on all parts|{number} years, the battery {number2} months",
    "price": "{amount} euros|{amount} dollars a month|{amount} pounds a year",
    "telephone number": "0800 {digits}|555 {digits}",
    "address": "{amount} {town} Road|{amount} Station Street in {town}",
    "membership fee": "{amount} euros a month|{amount} dollars a year|nothing in the first {number} months",
    "person in charge": "{name}|{name} from {town}",
    "next course": "on {day}|on {day} at {number} o'clock|in {month}",
    "largest size": "{amount} centimetres|{number} metres|{amount} litres",
    "maximum weight": "{amount} kilograms|{amount} grams",
    "password rule": "at least {number} characters|{number} letters and {number2} digits",
    "meeting point": "the station in {town}|the {adjective} {thing} near {town}",
    "deposit": "{amount} euros|{amount} dollars per person",
    "newsletter day": "{day}|the first {day} of the month",
}

ORGANISATIONS = (
    "library museum bakery hotel gym bank theatre school bookshop dentist farm campsite ferry cinema pharmacy garage "
    "laundry florist orchestra observatory"
).split()

ADJECTIVES = (
    "old new small large quiet bright dark warm cold heavy light clean dry wet early late quick slow simple strange "
    "gentle narrow wide deep shallow fresh empty full busy calm careful cheerful clear curious different easy famous "
    "flat friendly golden green hidden honest hungry important kind lonely long lucky modern patient plain pleasant "
    "polite proud rare rough round safe sharp short silver soft steep straight strong sweet tall thick thin tiny "
    "useful weak wild wooden young automatic available digital electric local normal possible private public remote"
).split()

THINGS = (
    "house garden river bridge letter window table chair train ship boat road forest mountain island village city "
    "market kitchen lamp mirror clock bottle basket blanket book map picture piano guitar candle coat shoe hat "
    "apple bread cheese soup tea orange potato tomato onion carrot flower tree leaf seed root stone sand cloud "
    "storm wind rain snow star moon sun field farm fence gate path hill valley lake beach harbour lighthouse tower "
    "castle school office hospital station airport factory library museum theatre engine wheel ladder hammer rope "
    "knife spoon plate cup box bag wallet ticket coin key door roof floor wall stair bell bird cat dog horse cow "
    "sheep fish bee butterfly spider rabbit fox bear wolf owl duck computer telephone camera radio battery screen "
    "message account password number question answer problem plan report test result lesson story song game"
).split()

PEOPLE = (
    "teacher doctor farmer baker sailor painter writer driver nurse engineer student neighbour gardener child "
    "mother father sister brother uncle aunt friend guest visitor traveller carpenter pilot singer librarian "
    "mechanic waiter cook fisherman scientist judge shopkeeper postman grandmother grandfather colleague customer"
).split()

ACTIONS = (
    "opened|closed|found|lost|repaired|painted|carried|moved|cleaned|watched|described|forgot|remembered|borrowed|bought|sold|"
    "showed us|looked for|asked about|wrote about|talked about|waited beside|walked around|sat next to|drew|measured|"
    "photographed|wanted|needed|kept|hid|noticed|admired|touched|lifted|pushed|pulled|built|chose|checked|replaced|turned"
).split("|")

TIMES = (
    "in the morning|at noon|in the evening|at night|yesterday|last week|every day|on {day}|in {month}|after lunch|before dinner|"
    "for {number} hours|at {number} o'clock|once a year|twice a week|during the holidays|when it was raining|as soon as possible|"
    "while everybody was asleep|until the sun went down|after a long journey|since {month}"
).split("|")

REASONS = (
    "because it was {adjective}|because the {thing} was {adjective}|so that nobody would notice|although it was {adjective}|"
    "but the {thing} was gone|and then went home|and smiled|without saying a word|to help the {person}|instead of the {thing}|"
    "which made the {person} happy|and put it on the {thing}|although {name} had asked for the {thing}|if I remember correctly"
).split("|")

CATEGORIES = {
    "fruit": "apple pear plum cherry orange lemon banana grape peach melon",
    "vegetables": "carrot onion potato cabbage tomato spinach pepper bean pea leek",
    "animals": "dog cat horse cow sheep rabbit fox owl duck bear",
    "colours": "red green blue yellow white black purple orange brown grey",
    "tools": "hammer saw drill ladder brush shovel rake wrench pliers file",
    "instruments": "piano guitar violin flute drum trumpet harp cello organ horn",
    "drinks": "water tea coffee milk juice lemonade cocoa soup cider tonic",
    "vehicles": "train bus car ship bicycle tram lorry boat van tractor",
    "clothes": "coat shirt hat glove scarf shoe sock dress belt jacket",
    "rooms": "kitchen bedroom bathroom cellar attic hall office garage study nursery",
}

IMPERATIVES = (
    "open the {thing}|close the {thing}|send me the {thing}|wait for {number} minutes|call {name}|bring the {adjective} {thing}|"
    "tell me about the {thing}|put the {thing} on the {thing2}|write to {name} on {day}|explain the {thing}|come back {time}|"
    "show me the {part}|turn down the {part}|repeat the {thing}|check the {part}"
).split("|")

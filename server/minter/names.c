/* SPDX-License-Identifier: ISC */
#include <string.h>
#include "server/minter/names.h"

#define COUNT(list) (sizeof(list) / sizeof *(list))

static const char *const given_en[] = {
    "Abigail", "Adrian",   "Aisha",    "Alastair", "Amelia",  "Angus",   "Anita",    "Audrey",  "Bethan",  "Brendan",
    "Bridget", "Callum",   "Caitlin",  "Cecily",   "Clive",   "Colin",   "Connor",   "Daphne",  "Declan",  "Dermot",
    "Desmond", "Dominic",  "Douglas",  "Edith",    "Eleanor", "Elliot",  "Esther",   "Fergus",  "Fiona",   "Frances",
    "Gareth",  "Gemma",    "Gillian",  "Gordon",   "Graham",  "Gwen",    "Hamish",   "Harriet", "Hazel",   "Hugh",
    "Imogen",  "Imran",    "Isla",     "Ivor",     "Jasmine", "Joanna",  "Jonathan", "Judith",  "Keith",   "Kerry",
    "Kieran",  "Kirsty",   "Leah",     "Leonard",  "Lorna",   "Lydia",   "Malcolm",  "Marcus",  "Marian",  "Maureen",
    "Meera",   "Miles",    "Miriam",   "Nadia",    "Neil",    "Nigel",   "Nina",     "Norah",   "Olive",   "Oscar",
    "Owen",    "Patricia", "Penelope", "Phoebe",   "Priya",   "Quentin", "Ralph",    "Rebecca", "Rhys",    "Roisin",
    "Rory",    "Rosalind", "Rowena",   "Rupert",   "Russell", "Sanjay",  "Selina",   "Sheila",  "Siobhan", "Stuart",
    "Tamsin",  "Theo",     "Trevor",   "Una",      "Vera",    "Winston", "Yasmin",   "Zara",
};

static const char *const family_en[] = {
    "Abernethy", "Ainsworth",  "Alderton",   "Appleby",     "Ashdown",    "Atherton",   "Bagshaw",     "Balfour",
    "Bancroft",  "Barlow",     "Beckwith",   "Bellamy",     "Blackwood",  "Bramley",    "Brierley",    "Broadbent",
    "Burgess",   "Calloway",   "Carmichael", "Cartwright",  "Chadwick",   "Chowdhury",  "Clifton",     "Coombes",
    "Cranfield", "Crosby",     "Dalgleish",  "Denham",      "Desai",      "Devereux",   "Drummond",    "Dunmore",
    "Eastwood",  "Eldridge",   "Fairfax",    "Fairweather", "Fenwick",    "Finlay",     "Forsyth",     "Galbraith",
    "Garside",   "Gilmour",    "Goodall",    "Grantham",    "Greenhalgh", "Halloran",   "Hargreaves",  "Hathaway",
    "Hawthorne", "Heathcote",  "Hollis",     "Holroyd",     "Huxley",     "Ingham",     "Jardine",     "Kavanagh",
    "Keating",   "Kellaway",   "Kendrick",   "Kershaw",     "Kirkbride",  "Langley",    "Lockwood",    "Loxley",
    "Macaulay",  "Mallory",    "Marchbank",  "Mayhew",      "Merriman",   "Middleton",  "Montague",    "Naismith",
    "Nesbitt",   "Northcott",  "Oakley",     "Okafor",      "Ormond",     "Osborne",    "Padgett",     "Pemberton",
    "Penrose",   "Prescott",   "Quigley",    "Radcliffe",   "Rafferty",   "Rainsford",  "Ravenscroft", "Redfern",
    "Ridley",    "Rutherford", "Sandford",   "Seagrave",    "Selwyn",     "Shackleton", "Sinclair",    "Somerset",
    "Stanhope",  "Strickland", "Sutcliffe",  "Tattersall",  "Thackeray",  "Thornbury",  "Tredwell",    "Underhill",
    "Vickers",   "Wakefield",  "Warburton",  "Wetherby",    "Whitaker",   "Winslow",    "Woodruff",    "Wycliffe",
    "Yardley",
};

static const struct post posts_en[] = {
    {"Head of IT", "IT"},
    {"Infrastructure Engineer", "IT Operations"},
    {"Senior Infrastructure Engineer", "IT Operations"},
    {"Systems Administrator", "IT Operations"},
    {"Network Engineer", "IT Operations"},
    {"Platform Engineer", "Engineering"},
    {"Release Manager", "Engineering"},
    {"Software Engineer", "Engineering"},
    {"Senior Software Engineer", "Engineering"},
    {"Executive Assistant", "Executive Office"},
    {"Integration Engineer", "Applications"},
    {"Application Support Analyst", "Applications"},
    {"Database Administrator", "IT Operations"},
    {"Service Desk Lead", "Service Desk"},
    {"Service Desk Analyst", "Service Desk"},
    {"Information Security Officer", "Risk"},
    {"Data Engineer", "Analytics"},
    {"Business Analyst", "Analytics"},
    {"Project Manager", "Programme Office"},
    {"Product Owner", "Engineering"},
    {"Legal Counsel", "Legal"},
    {"Finance Systems Manager", "Finance"},
    {"HR Systems Coordinator", "Human Resources"},
    {"Procurement Officer", "Procurement"},
};

static const char *const given_fr[] = {
    "Adèle",    "Agathe",    "Alban",     "Amandine",  "Anaïs",    "André",     "Apolline", "Armand",   "Aurélien",
    "Aurore",   "Baptiste",  "Bastien",   "Bénédicte", "Benoît",   "Blandine",  "Brice",    "Capucine", "Cédric",
    "Céline",   "Clarisse",  "Clémence",  "Clément",   "Colette",  "Constance", "Corentin", "Cyril",    "Damien",
    "Delphine", "Diane",     "Édouard",   "Éléonore",  "Élodie",   "Éloi",      "Émilien",  "Ernest",   "Estelle",
    "Étienne",  "Eugénie",   "Fabien",    "Fabrice",   "Fanny",    "Félix",     "Florian",  "Gaëlle",   "Gaspard",
    "Gautier",  "Geneviève", "Ghislain",  "Gilles",    "Hélène",   "Honorine",  "Hortense", "Inès",     "Irène",
    "Jérémie",  "Joachim",   "Joséphine", "Karim",     "Laetitia", "Léa",       "Léon",     "Lilian",   "Loïc",
    "Ludivine", "Ludovic",   "Maëlle",    "Manon",     "Marceau",  "Margaux",   "Mathilde", "Mélanie",  "Morgane",
    "Myriam",   "Nadège",    "Noémie",    "Octave",    "Odile",    "Ophélie",   "Pauline",  "Perrine",  "Quentin",
    "Raphaël",  "Régis",     "Rémi",      "Roland",    "Rosalie",  "Sabine",    "Salomé",   "Samia",    "Séverine",
    "Solène",   "Tanguy",    "Théo",      "Tristan",   "Valentin", "Victoire",  "Violaine", "Yann",     "Yannick",
    "Zoé",
};

static const char *const family_fr[] = {
    "Allard",    "Arnoux",   "Astier",   "Aubert",    "Auclair",   "Barbier",    "Baudry",   "Beaulieu",  "Bellanger",
    "Berthelot", "Besnard",  "Blondeau", "Boissier",  "Bonnefoy",  "Bouchet",    "Bouvier",  "Bresson",   "Briand",
    "Carlier",   "Cartier",  "Chabert",  "Champion",  "Chastain",  "Chevallier", "Clavel",   "Colin",     "Cordier",
    "Coste",     "Courtois", "Coutant",  "Darmon",    "Delacourt", "Delattre",   "Delorme",  "Descamps",  "Deschamps",
    "Devaux",    "Doucet",   "Drouet",   "Duchêne",   "Dufour",    "Dumas",      "Duval",    "Esnault",   "Étienvre",
    "Fabre",     "Faivre",   "Ferrand",  "Fontaine",  "Forestier", "Fournel",    "Gaillard", "Gallois",   "Gauthier",
    "Germain",   "Gilbert",  "Godard",   "Gosselin",  "Granger",   "Grosjean",   "Guérin",   "Guichard",  "Hamel",
    "Hébert",    "Huet",     "Imbert",   "Jacquemin", "Jacquot",   "Jolivet",    "Joubert",  "Jourdan",   "Labbé",
    "Lacombe",   "Lacroix",  "Lafont",   "Lagarde",   "Lambert",   "Landry",     "Langlois", "Larcher",   "Lebrun",
    "Leclerc",   "Legrand",  "Lemoine",  "Lhermitte", "Maillard",  "Marchand",   "Masson",   "Mercier",   "Meunier",
    "Millet",    "Monnier",  "Morvan",   "Navarro",   "Noël",      "Ollivier",   "Pasquier", "Pelletier", "Perrot",
    "Picard",    "Poirier",  "Poulain",  "Prévost",   "Raynaud",   "Regnier",    "Renaud",   "Ribeiro",   "Rivière",
    "Rousselle", "Sabatier", "Salmon",   "Tessier",   "Thibault",  "Toussaint",  "Vaillant", "Vasseur",   "Verdier",
    "Vidal",     "Villard",  "Weber",
};

/* Titles that fit women and men alike. */
static const struct post posts_fr[] = {
    {"Responsable des systèmes d'information", "DSI"},
    {"Responsable d'exploitation", "Exploitation"},
    {"Spécialiste système", "Exploitation"},
    {"Analyste d'exploitation", "Exploitation"},
    {"Spécialiste réseau", "Infrastructure"},
    {"Architecte technique", "Infrastructure"},
    {"DevOps", "Infrastructure"},
    {"Responsable des mises en production", "Études"},
    {"Responsable technique", "Études"},
    {"Architecte logiciel", "Études"},
    {"Secrétaire de direction", "Direction générale"},
    {"Responsable intégration", "Études"},
    {"Responsable du support applicatif", "Support"},
    {"Spécialiste bases de données", "Exploitation"},
    {"Responsable du centre de services", "Support"},
    {"Analyste support", "Support"},
    {"Responsable sécurité", "Sécurité"},
    {"Responsable décisionnel", "Décisionnel"},
    {"Analyste métier", "Décisionnel"},
    {"Responsable de projet", "Projets"},
    {"Juriste", "Affaires juridiques"},
    {"Responsable contrôle de gestion", "Finances"},
    {"Gestionnaire paie", "Ressources humaines"},
    {"Responsable des achats", "Achats"},
};

static const struct names english = {given_en, COUNT(given_en), family_en, COUNT(family_en), posts_en, COUNT(posts_en)};
static const struct names french = {given_fr, COUNT(given_fr), family_fr, COUNT(family_fr), posts_fr, COUNT(posts_fr)};

const struct names *names_of(const char *language)
{
    return strcmp(language, "fr") == 0 ? &french : &english;
}

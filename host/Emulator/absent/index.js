'use strict';
// Azurite derives classes from this one when it is loaded, and makes objects of them only where its metadata are in a SQL database.
exports.Model = class {};

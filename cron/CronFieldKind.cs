namespace Larder.Cron;

/// <summary>One position of an NCRONTAB expression: its legal values and their names.</summary>
/// <param name="Name">What an error calls it.</param>
/// <param name="Minimum">The smallest value.</param>
/// <param name="Maximum">The largest value.</param>
/// <param name="ValueNames">The names of the values from <paramref name="Minimum"/> on; empty when they have none.</param>
internal sealed record CronFieldKind(string Name, int Minimum, int Maximum, params string[] ValueNames)
{
    public static readonly CronFieldKind Second = new("second", 0, 59);

    public static readonly CronFieldKind Minute = new("minute", 0, 59);

    public static readonly CronFieldKind Hour = new("hour", 0, 23);

    public static readonly CronFieldKind Day = new("day", 1, 31);

    public static readonly CronFieldKind Month = new(
        "month", 1, 12, "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December");

    /// <summary>7 is Sunday too, as in crontab(5); <see cref="CronField"/> keeps it as 0.</summary>
    public static readonly CronFieldKind DayOfWeek = new(
        "day-of-week", 0, 7, "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday");

    /// <summary>What the field takes, for an error: <c>numbers from 1 to 12 or names from January to December</c>.</summary>
    public string Allowed => ValueNames.Length == 0
        ? $"numbers from {Minimum} to {Maximum}"
        : $"numbers from {Minimum} to {Maximum} or names from {ValueNames[0]} to {ValueNames[^1]}";
}

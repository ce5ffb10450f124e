using System.Collections;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using System.Text.Json;
using System.Text.RegularExpressions;
using Larder.Functions.Hosting;
using Larder.Host.Durable;
using Larder.Inference.Limits;
using Microsoft.Azure.Functions.Worker.Builder;

namespace Larder.Functions.Tests.Reference;

/// <summary>docs/reference/settings.md: names, defaults and comments of local.settings.sample.json, with the types and bounds of the records that they are bound to.</summary>
public sealed partial class SettingsPageTests
{
    private const string General = "Without a prefix";

    private static readonly IReadOnlyList<KeyValuePair<string, string>> Sample = ReadSample();
    private static readonly Dictionary<string, string> Comments = Sample.Where(entry => entry.Key[0] == '_').ToDictionary(entry => entry.Key[1..], entry => entry.Value);
    private static readonly List<KeyValuePair<string, string>> Settings = [.. Sample.Where(entry => entry.Key[0] != '_')];

    [Fact]
    public void The_page_on_settings_is_that_of_this_build() => ReferenceFiles.Check("settings.md", Page());

    [Fact]
    public void Every_setting_of_a_record_is_in_the_sample()
    {
        var properties = Properties();

        Assert.True(properties.Count > 150, $"{properties.Count}");
        Assert.All(properties.Keys, name => Assert.Contains(Settings, setting => setting.Key == name || setting.Key.StartsWith($"{name}:", StringComparison.Ordinal)));
    }

    [Fact]
    public void Every_section_says_what_it_is_about() =>
        Assert.Empty(Sections().Select(section => section.Key).Where(name => name != General && !Comments.ContainsKey(name)).Select(name => $"local.settings.sample.json lacks a comment _{name}."));

    private static MarkdownPage Page()
    {
        var page = new MarkdownPage("Settings", "local.settings.sample.json and the records that settings are bound to");
        page.Paragraph(
            "Every setting, its default and what it means. Set them as environment variables, with `__` for each colon (`Limits__ModelBytes=...`); in Azure as app settings; for `func start` in `Values` of `functions/local.settings.json`, "
            + "for which [local.settings.sample.json](../../local.settings.sample.json) is the sample. A value that is out of bounds stops the server at start with a message that names the setting. In names, `example` stands for a name that you choose.");
        page.Paragraph("A time is written `hh:mm:ss`, with days before it where there are any: `1.00:00:00` is a day. 1 KiB is 1024 bytes, 1 MiB 1024 KiB, 1 GiB 1024 MiB. An empty default means that the setting is not set.");
        page.Paragraph("OpenTelemetry's and Application Insights' own variables are in [telemetry.md](../telemetry.md#settings); the settings of a model, which callers change, in [api.md](../api.md#settings-of-a-model).");
        page.Table(["section", "what it is about"], Sections().Select(section => new[] { MarkdownPage.LinkTo(section.Key), Comment(About(section.Key)) }));
        var properties = Properties();
        foreach (var section in Sections())
        {
            page.Heading(section.Key);
            page.Paragraph(Comment(About(section.Key)));
            page.Table(
                ["setting", "default", "value", "meaning"],
                section.Select(setting => new[] { MarkdownPage.Code(setting.Key), WithUnit(setting.Key, MarkdownPage.Code(setting.Value)), Value(setting, properties.GetValueOrDefault(setting.Key)), Comment(Comments[setting.Key]) }));
        }

        return page;
    }

    // Two parts of the name, or one where only one setting has both. The name that a deployment chooses makes no section.
    private static IEnumerable<IGrouping<string, KeyValuePair<string, string>>> Sections()
    {
        var bySection = Settings.ToLookup(setting => string.Join(':', setting.Key.Split(':')[..^1].TakeWhile(part => part != EffectiveSettings.Placeholder).Take(2)));
        return Settings
            .GroupBy(setting => bySection.First(section => section.Contains(setting)) is var own && own.Count() == 1 && own.Key.Contains(':') ? own.Key.Split(':')[0] : own.Key.Length == 0 ? General : own.Key)
            .OrderBy(section => section.Key != General)
            .ThenBy(section => section.Key, StringComparer.Ordinal);
    }

    private static string About(string section) =>
        section == General ? "Storage, the Functions host, and what is not of a section." : Comments.GetValueOrDefault(section, "");

    // The settings that are properties of records, by name. What has no setter is computed, and what the sample lacks because another setting decides it is none.
    private static Dictionary<string, PropertyInfo> Properties()
    {
        var builder = FunctionsApplication.CreateBuilder(
        [
            // What the Functions host passes to a worker; nothing listens there.
            "--Functions:Worker:HostEndpoint=http://127.0.0.1:1", "--Functions:Worker:WorkerId=worker", "--Functions:Worker:RequestId=request", "--Functions:Worker:GrpcMaxMessageLength=1024",
        ]);
        builder.AddLarder();
        return builder.Services.Select(service => service.ServiceType == typeof(SettingSection) ? (SettingSection)service.ImplementationInstance! : null).OfType<SettingSection>()
            .Append(new SettingSection(DurableOptions.Section, typeof(DurableOptions)))
            .SelectMany(section => section.Record.GetProperties(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly).Select(property => (Name: $"{section.Name}:{property.Name}", Property: property)))
            .Where(setting => setting.Property.SetMethod is not null && setting.Name != "Limits:StagingFolder")
            .ToDictionary(setting => setting.Name, setting => setting.Property);
    }

    private static string Value(KeyValuePair<string, string> setting, PropertyInfo? property)
    {
        var oneOf = property?.GetCustomAttribute<OneOfAttribute>();
        if (oneOf is not null)
            return Texts().Replace(oneOf.Right, "`$0`");
        var bounds = property?.GetCustomAttribute<SettingAttribute>()?.Right
            ?? (property?.GetCustomAttribute<RangeAttribute>() is { } range ? string.Create(CultureInfo.InvariantCulture, $"from {range.Minimum} to {range.Maximum}") : "");
        var kind = property is null || property.PropertyType.IsAssignableTo(typeof(IDictionary)) ? KindOf(setting.Value) : KindOf(Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType);
        return bounds.Length == 0 ? kind : WithUnit(setting.Key, $"{kind}, {Zeros().Replace(bounds, "$1")}");
    }

    private static string KindOf(Type type) =>
        type == typeof(bool) ? "`true` or `false`"
        : type.IsEnum ? string.Join(", ", Enum.GetNames(type).Select(MarkdownPage.Code))
        : type == typeof(TimeSpan) ? "time"
        : type == typeof(int) || type == typeof(long) ? "whole number"
        : type == typeof(double) ? "number"
        : type == typeof(Uri) ? "URL"
        : "text";

    // Settings that no record has: those of the host, keys, and lists of names.
    private static string KindOf(string value) =>
        value is "true" or "false" ? KindOf(typeof(bool))
        : long.TryParse(value, CultureInfo.InvariantCulture, out _) ? KindOf(typeof(long))
        : TimeSpan.TryParse(value, CultureInfo.InvariantCulture, out _) ? KindOf(typeof(TimeSpan))
        : KindOf(typeof(string));

    // Of sizes, large numbers in the unit in which they are whole.
    private static string WithUnit(string name, string text) => !name.Contains("Bytes", StringComparison.Ordinal) ? text : LargeNumber().Replace(text, match =>
    {
        var number = long.Parse(match.Groups["number"].Value, CultureInfo.InvariantCulture);
        (long Size, string Name)[] units = [(1L << 30, "GiB"), (1_000_000_000, "GB"), (1L << 20, "MiB"), (1L << 10, "KiB")];
        return units.FirstOrDefault(unit => number % unit.Size == 0) is { Size: > 0 } found ? $"{match.Value} ({number / found.Size} {found.Name})" : match.Value;
    });

    // Names of settings in the font of code, and pages as links.
    private static string Comment(string text) => PathOfPage().Replace(
        SettingName().Replace(MarkdownPage.Plain(text), name => Settings.Exists(setting => setting.Key == name.Value) ? MarkdownPage.Code(name.Value) : name.Value),
        page => page.Groups["docs"].Success ? $"[{page.Groups["name"].Value}](../{page.Groups["name"].Value}{page.Groups["anchor"].Value})" : $"[{page.Groups["name"].Value}](../../{page.Value})");

    private static List<KeyValuePair<string, string>> ReadSample()
    {
        using var json = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "local.settings.sample.json")));
        return [.. json.RootElement.GetProperty("Values").EnumerateObject().Select(value => KeyValuePair.Create(value.Name, value.Value.GetString()!))];
    }

    [GeneratedRegex(@"[\w-]+(?=,| or|$)")]
    private static partial Regex Texts();

    [GeneratedRegex(@"(\.\d{3})0{4}\b")]
    private static partial Regex Zeros();

    [GeneratedRegex(@"`?(?<number>\d{4,})`?")]
    private static partial Regex LargeNumber();

    [GeneratedRegex(@"\b[A-Z]\w+(:\w+)+\b|\b(LocalFolder|MasterKey|Preload)\b")]
    private static partial Regex SettingName();

    [GeneratedRegex(@"\b(?<docs>docs/)?(?<name>(?(docs)[\w-]+|(?:\w+/)+\w+)\.md)(?<anchor>#[\w-]+)?")]
    private static partial Regex PathOfPage();
}

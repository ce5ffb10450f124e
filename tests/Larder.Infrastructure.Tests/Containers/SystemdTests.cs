using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Larder.Infrastructure.Tests.Containers;

/// <summary>The unit of the self-host.</summary>
public sealed partial class SystemdTests
{
    private static readonly string Unit = Repository.Read("deploy/systemd/larder.service");

    [SystemdFact]
    public async Task Systemd_has_nothing_to_say_about_the_unit()
    {
        Assert.Equal("", await VerifyAsync(Unit));
        Assert.Contains("Unknown key", await VerifyAsync(Unit.Replace("DynamicUser=", "DynamicUsr=", StringComparison.Ordinal)), StringComparison.Ordinal);
    }

    [Fact]
    public void Its_settings_are_ones_that_exist()
    {
        var sample = Repository.Read("local.settings.sample.json");
        var named = Setting().Matches(Unit).Select(match => match.Groups["name"].Value.Replace("__", ":", StringComparison.Ordinal)).Except(["AZURE_FUNCTIONS_ENVIRONMENT", "ASPNETCORE_URLS", "DOTNET_EnableDiagnostics", "HOME"]).ToList();

        Assert.Equal(["LocalFolder", "SelfHost:LogFormat"], named);
        Assert.All(named, name => Assert.Contains($"\"{name}\":", sample, StringComparison.Ordinal));
    }

    private static async Task<string> VerifyAsync(string unit)
    {
        // A machine may have .NET elsewhere, and systemd asks whether the program is there.
        var folder = Directory.CreateTempSubdirectory("larder-unit-");
        try
        {
            var file = Path.Combine(folder.FullName, "larder.service");
            await File.WriteAllTextAsync(file, unit.Replace("/usr/bin/dotnet", "/bin/true", StringComparison.Ordinal));
            using var systemd = Process.Start(new ProcessStartInfo("systemd-analyze", ["verify", "--man=no", file]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            var texts = await Task.WhenAll(systemd.StandardOutput.ReadToEndAsync(), systemd.StandardError.ReadToEndAsync());
            await systemd.WaitForExitAsync();
            return string.Join('\n', (texts[0] + texts[1]).Split('\n').Where(line => line.Contains("larder.service", StringComparison.Ordinal)));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [GeneratedRegex(@"^Environment=(?<name>\w+)=", RegexOptions.Multiline)]
    private static partial Regex Setting();
}

/// <summary>A test that needs systemd; skipped, with the reason, where there is none.</summary>
internal sealed class SystemdFactAttribute : FactAttribute
{
    public SystemdFactAttribute() => Skip = File.Exists("/usr/bin/systemd-analyze") ? null : "systemd-analyze is not installed.";
}

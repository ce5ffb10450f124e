using Larder.Functions.Hosting;
using Larder.Host.Functions;
using Larder.Host.Storage;
using Larder.Host.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Larder.Host.Tests;

/// <summary>The name under which a host keeps receipts, timers' status and locks: with another one, all of it would be forgotten.</summary>
public sealed class HostIdTests
{
    [Fact]
    public async Task Larder_s_host_id_is_larder_functions_whatever_program_runs_it()
    {
        await using var host = TestHost.Build(new TestHostSetup { Assembly = typeof(LarderServices).Assembly });

        Assert.Equal("larder-functions", host.Services.GetRequiredService<HostStorage>().HostId);
    }

    [Theory]
    [InlineData("AzureFunctionsWebHost:hostid", "Mine", "mine")]
    [InlineData("WEBSITE_SITE_NAME", "My.Site", "my-site")]
    public async Task A_setting_gives_another(string setting, string value, string expected)
    {
        await using var host = TestHost.Build(new TestHostSetup { Settings = new Dictionary<string, string?> { [setting] = value } });

        Assert.Equal(expected, host.Services.GetRequiredService<HostStorage>().HostId);
    }

    [Fact]
    public void The_present_names_of_renamed_functions_are_functions()
    {
        var errors = new FunctionErrors();
        var names = FunctionIndex.Find(AssemblyWalk.Classes(typeof(LarderServices).Assembly), errors).Select(function => function.Name).ToList();
        errors.Throw();

        Assert.All(RenamedFunctions.FormerNames.Values, name => Assert.Contains(name, names));
    }
}

using Larder.Functions.Hosting;
using Microsoft.Extensions.Configuration;

namespace Larder.Functions.Tests.Audit;

public sealed class EffectiveSettingsTests
{
    [Fact]
    public void What_is_not_set_has_its_default_and_what_is_set_its_value()
    {
        var settings = Of(("limits:runseconds", "7"), ("Preload", "iris,digits:2"), ("PATH", "/usr/bin"));

        Assert.Equal("7", settings["Limits:RunSeconds"]);
        Assert.Equal("iris,digits:2", settings["Preload"]);
        Assert.Equal("blobs", settings["Store:Kind"]);
        Assert.DoesNotContain("PATH", settings.Keys);
        Assert.DoesNotContain(settings.Keys, name => name.Contains("example", StringComparison.Ordinal));
        Assert.DoesNotContain("LocalFolder", settings.Keys);
    }

    [Theory]
    [InlineData("AzureWebJobsStorage", "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=c2VjcmV0;")]
    [InlineData("Store:Cosmos:Key", "c2VjcmV0")]
    [InlineData("MasterKey", "open sesame")]
    [InlineData("FunctionKeys:default", "open sesame")]
    [InlineData("FunctionKeys:Predict", "open sesame")]
    [InlineData("Access:Keys:ci:Sha256", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    [InlineData("Store:Cosmos:Password", "open sesame")]
    [InlineData("Jobs:Anything", "https://x.blob.core.windows.net/?sv=1&sig=abc")]
    public void Of_a_secret_one_sees_only_that_it_changed(string name, string value)
    {
        var shown = Of((name, value))[name];

        Assert.Matches(@"^\*\*\* \([0-9a-f]{8}\)$", shown);
        Assert.Equal(shown, Of((name, value))[name]);
        Assert.NotEqual(shown, Of((name, value + "2"))[name]);
    }

    [Fact]
    public void A_secret_that_is_not_set_is_shown_as_not_set() => Assert.Equal("", Of()["MasterKey"]);

    private static SortedDictionary<string, string> Of(params (string Name, string Value)[] set) =>
        EffectiveSettings.Of(new ConfigurationBuilder().AddInMemoryCollection(set.ToDictionary(one => one.Name, one => (string?)one.Value)).Build());
}

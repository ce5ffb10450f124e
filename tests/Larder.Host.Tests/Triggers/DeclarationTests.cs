using System.Text;
using Azure.Storage.Blobs;
using Larder.Host.Tests.Support;
using Larder.Host.Tests.Triggers.Support;
using Larder.Testing;

namespace Larder.Host.Tests.Triggers;

/// <summary>What is wrong with a trigger's declaration is told before anything starts, with function and parameter.</summary>
[Collection(AzuriteCollection.Name)]
public class DeclarationTests(Azurite azurite)
{
    [Fact]
    public async Task Each_timer_in_error_gets_its_sentence()
    {
        var settings = TestHost.SettingsOn(azurite);
        settings["Hourly"] = "hourly";

        Assert.Equal(
            [
                "The 'BadField' function is in error: parameter 'timer': the schedule '0 60 * * * *' is not an NCRONTAB expression: " +
                "The given cron expression has an invalid format. Minutes: Value must be a number between 0 and 59 (all inclusive).",
                "The 'BadSetting' function is in error: parameter 'timer': the schedule 'hourly' is neither an NCRONTAB expression such as '0 */5 * * * *' nor a time span such as '00:05:00'.",
                "The 'BadType' function is in error: Cannot bind parameter 'timer' to type DateTime. Make sure the parameter Type is supported by the binding (timerTrigger).",
                "The 'NoSetting' function is in error: parameter 'timer': '%Missing%' names the setting 'Missing', which has no value.",
                "The 'OnePercent' function is in error: parameter 'timer': '%Missing' has a % without another: the name of a setting stands between two.",
            ],
            (await TestHost.RefusalAsync<Timers>(settings)).Split(Environment.NewLine));
    }

    [Fact]
    public async Task Each_blob_trigger_in_error_gets_its_sentence()
    {
        Assert.Equal(
            [
                "The 'BadPath' function is in error: parameter 'blob': the path 'uploads/{name' cannot be used: a { has no } after it (a brace of the name itself is written twice).",
                "The 'BadType' function is in error: Cannot bind parameter 'blob' to type StringBuilder. Make sure the parameter Type is supported by the binding (blobTrigger).",
                "The 'NoConnection' function is in error: parameter 'blob': the connection 'Elsewhere' does not exist: set 'Elsewhere' to a storage connection string, or 'Elsewhere__accountName' to an account that this process's identity may use, in local.settings.json or in the environment.",
                "The 'UnknownPart' function is in error: Cannot bind parameter 'model' to type String. Make sure the parameter Type is supported by the binding (blobTrigger).",
                "The 'WrongPart' function is in error: Cannot bind parameter 'name' to type BlobClient. Make sure the parameter Type is supported by the binding (blobTrigger).",
            ],
            (await TestHost.RefusalAsync<Blobs>(TestHost.SettingsOn(azurite))).Split(Environment.NewLine));
    }

    [Theory]
    [InlineData("", "the connection 'AzureWebJobsStorage' does not exist: set 'AzureWebJobsStorage' to a storage connection string, or 'AzureWebJobsStorage__accountName' to an account that this process's identity may use, in local.settings.json or in the environment.")]
    [InlineData("nonsense;AccountKey=secret", "the setting 'AzureWebJobsStorage' is not a storage connection string.")]
    public async Task Without_storage_no_trigger_can_do_its_work(string connectionString, string why)
    {
        var settings = TestHost.SettingsOn(azurite);
        settings["AzureWebJobsStorage"] = connectionString;

        Assert.Equal($"The 'Tick' function is in error: parameter 'timer': {why}", await TestHost.RefusalAsync<GoodTimer>(settings));
        Assert.Equal($"The 'Read' function is in error: parameter 'blob': {why}", await TestHost.RefusalAsync<GoodBlob>(settings));
    }

    [Fact]
    public async Task A_time_zone_that_the_machine_does_not_know_is_told()
    {
        var settings = TestHost.SettingsOn(azurite);
        settings["WEBSITE_TIME_ZONE"] = "Mars/Olympus";

        Assert.Equal(
            "The 'Tick' function is in error: parameter 'timer': the setting 'WEBSITE_TIME_ZONE' is 'Mars/Olympus', which is no time zone of this machine, such as 'Europe/Berlin'.",
            await TestHost.RefusalAsync<GoodTimer>(settings));
    }

    [Fact]
    public async Task What_host_json_says_of_blobs_must_make_sense()
    {
        var settings = TestHost.SettingsOn(azurite);
        settings["AzureFunctionsJobHost:extensions:blobs:poisonBlobThreshold"] = "0";

        Assert.Equal(
            "host.json: 'extensions.blobs.poisonBlobThreshold' must be a positive whole number, or -1 for no limit; it is '0'.",
            await TestHost.RefusalAsync<GoodBlob>(settings));
    }

    [Theory]
    [InlineData("soon")]
    [InlineData("00:00:00")]
    [InlineData("-00:00:05")]
    public async Task The_polling_interval_must_be_a_time(string interval)
    {
        var settings = TestHost.SettingsOn(azurite);
        settings["SelfHost:Blobs:MaxPollingInterval"] = interval;

        Assert.Equal(
            $"The setting 'SelfHost:Blobs:MaxPollingInterval' must be a positive time such as 00:00:05; it is '{interval}'.",
            await TestHost.RefusalAsync<GoodBlob>(settings));
    }

    private sealed class Timers
    {
        [Function("BadField")]
        public static void BadField([TimerTrigger("0 60 * * * *")] TimerInfo timer) => throw new NotSupportedException($"{timer}");

        [Function("BadSetting")]
        public static void BadSetting([TimerTrigger("%Hourly%")] TimerInfo timer) => throw new NotSupportedException($"{timer}");

        [Function("BadType")]
        public static void BadType([TimerTrigger("00:05:00")] DateTime timer) => throw new NotSupportedException($"{timer}");

        [Function("NoSetting")]
        public static void NoSetting([TimerTrigger("%Missing%")] TimerInfo timer) => throw new NotSupportedException($"{timer}");

        [Function("OnePercent")]
        public static void OnePercent([TimerTrigger("%Missing")] TimerInfo timer) => throw new NotSupportedException($"{timer}");
    }

    private sealed class Blobs
    {
        [Function("BadPath")]
        public static void BadPath([BlobTrigger("uploads/{name")] string blob) => throw new NotSupportedException(blob);

        [Function("BadType")]
        public static void BadType([BlobTrigger("uploads/{name}")] StringBuilder blob) => throw new NotSupportedException($"{blob}");

        [Function("NoConnection")]
        public static void NoConnection([BlobTrigger("uploads", Connection = "Elsewhere")] string blob) => throw new NotSupportedException(blob);

        [Function("UnknownPart")]
        public static void UnknownPart([BlobTrigger("uploads/{name}")] string blob, string model) => throw new NotSupportedException(blob + model);

        [Function("WrongPart")]
        public static void WrongPart([BlobTrigger("uploads/{name}")] string blob, BlobClient name) => throw new NotSupportedException($"{blob}{name}");
    }

    private sealed class GoodTimer
    {
        [Function("Tick")]
        public static void Tick([TimerTrigger("00:05:00")] TimerInfo timer) => throw new NotSupportedException($"{timer}");
    }

    private sealed class GoodBlob
    {
        [Function("Read")]
        public static void Read([BlobTrigger("uploads")] string blob) => throw new NotSupportedException(blob);
    }
}

using System.Buffers.Binary;
using System.Reflection;
using Microsoft.Playwright;

namespace Larder.Dashboard.Tests;

/// <summary>The picture at the head of the README: a page of a real server in a real browser. CONTRIBUTING.md says how it is made again.</summary>
[Collection(nameof(SharedDashboard))]
public sealed class PictureTests(DashboardFixture larder)
{
    private const string Update = "LARDER_UPDATE_PICTURE";
    private const int Width = 1280;
    private const int Height = 1000;

    [BrowserFact]
    public async Task The_picture_of_the_README_is_a_page_of_this_size()
    {
        await using var context = await larder.Browser.NewContextAsync(new BrowserNewContextOptions
        {
            BaseURL = larder.Address, ViewportSize = new ViewportSize { Width = Width, Height = Height }, ColorScheme = ColorScheme.Light, TimezoneId = "UTC", Locale = "en-GB",
        });
        var page = await context.NewPageAsync();
        Assert.Equal(200, (await page.GotoAsync($"/ui/models/{larder.Model}"))!.Status);

        var picture = await page.ScreenshotAsync();

        var file = typeof(PictureTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(data => data.Key == "Picture").Value!;
        if (Environment.GetEnvironmentVariable(Update) is { Length: > 0 })
            await File.WriteAllBytesAsync(file, picture);
        Assert.Equal((Width, Height), SizeOf(picture));
        Assert.Equal((Width, Height), SizeOf(await File.ReadAllBytesAsync(file)));
    }

    // A PNG begins with its signature and the length and name of its first chunk, which has the size (https://www.w3.org/TR/png-3/#11IHDR).
    private static (int Width, int Height) SizeOf(ReadOnlySpan<byte> png) => (BinaryPrimitives.ReadInt32BigEndian(png[16..]), BinaryPrimitives.ReadInt32BigEndian(png[20..]));
}

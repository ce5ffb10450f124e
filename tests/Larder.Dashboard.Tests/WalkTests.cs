using Microsoft.Playwright;

namespace Larder.Dashboard.Tests;

/// <summary>A newcomer's first ten minutes, by links and buttons alone: upload, try, train, watch, promote, roll back.</summary>
[Collection(nameof(SharedDashboard))]
public sealed class WalkTests(DashboardFixture larder)
{
    [BrowserFact]
    public async Task From_the_front_door_to_a_rolled_back_model()
    {
        await using var context = await larder.Browser.NewContextAsync(new BrowserNewContextOptions { BaseURL = larder.Address });
        var page = await context.NewPageAsync();
        await page.GotoAsync("/");

        await Link("Upload a model").ClickAsync();
        await page.GetByLabel("Model", new() { Exact = true }).FillAsync("walk");
        await page.GetByLabel("File").SetInputFilesAsync(DashboardFixture.Sample("iris", "iris.onnx"));
        await Button("Upload").ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Status)).ToHaveTextAsync("walk has version 1 now.");

        await Link("Try it").ClickAsync();
        await page.GetByText("As JSON").ClickAsync();
        await page.GetByLabel("values", new() { Exact = true }).FillAsync("[5.1, 3.5, 1.4, 0.2]");
        await page.Locator("details form").GetByRole(AriaRole.Button).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "probabilities" })).ToBeVisibleAsync();

        await Link("Jobs").ClickAsync();
        await Link("Train a model").ClickAsync();
        await page.GetByLabel("Model", new() { Exact = true }).FillAsync("walk");
        await page.GetByLabel("Script").SetInputFilesAsync(DashboardFixture.Sample("iris", "train.py"));
        await page.GetByLabel("Data set", new() { Exact = true }).SetInputFilesAsync(DashboardFixture.Sample("iris", "iris.csv"));
        await Button("Train").ClickAsync();
        await Assertions.Expect(page.Locator("#job .state").First).ToHaveTextAsync("succeeded", new() { Timeout = 120_000 });
        await Assertions.Expect(page.GetByRole(AriaRole.Log)).ToContainTextAsync("accuracy");
        await Link("Version 2").ClickAsync();

        await page.GetByLabel("New alias").FillAsync("champion");
        await page.GetByLabel("for version").SelectOptionAsync("1");
        await Button("Add").ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Status)).ToHaveTextAsync("champion is version 1 now.");
        await page.GetByLabel("Version for champion").SelectOptionAsync("2");
        await page.GetByRole(AriaRole.Row).Filter(new() { Has = page.GetByLabel("Version for champion") }).GetByRole(AriaRole.Button, new() { Name = "Move", Exact = true }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Status)).ToHaveTextAsync("champion is version 2 now.");
        await Button("Roll back to 1").ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Status)).ToHaveTextAsync("champion is version 1 now.");

        ILocator Link(string name) => page.GetByRole(AriaRole.Link, new() { Name = name, Exact = true });
        ILocator Button(string name) => page.GetByRole(AriaRole.Button, new() { Name = name, Exact = true });
    }
}

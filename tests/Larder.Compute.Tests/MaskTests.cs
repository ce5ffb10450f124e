using System.Diagnostics;
using System.Net;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;
using Larder.Orchestrations.Compute;

namespace Larder.Compute.Tests;

/// <summary>
/// Secrets in the log of a job, in all forms that programs print: bootstrap.py's own reader gets them from a pipe, in pieces that end anywhere, and with lines
/// that end anywhere. The forms are made by the libraries of Python and .NET, not by this test.
/// </summary>
public sealed class MaskTests
{
    private const int Seed = 20_261_129;
    private const int Cases = 60;
    private const string Alphabet = "abcXYZ0189-._~/+ =%&<>'\"\\:;?#@!,{}[]|\u00e9\u00f6\u00df\u4e2d\U0001f600";

    // Reads cases from its input, one JSON a line: secret, what stands before and behind it, forms that .NET makes, and a number to begin chance with.
    private const string Harness = """
        import base64, html, json, os, random, sys, types, urllib.parse
        module = types.ModuleType("bootstrap")
        exec(compile(sys.stdin.readline() and open(sys.argv[1], encoding="utf-8").read(), "bootstrap.py", "exec"), module.__dict__)

        class Log:
            def __init__(self, mask):
                self.mask = mask
                self.line_bytes = 100000
                self.lines = []
            def add(self, stream, lines):
                self.lines += lines

        def through(mask, text, chance):
            log = Log(mask)
            (read, write), (errors, end) = os.pipe(), os.pipe()
            os.close(end)
            reader = module.Reader(read, errors, log)
            data = text.encode()
            while data:
                size = chance.choice([1, 2, 3, 7, 100, 5000])
                os.write(write, data[:size])
                data = data[size:]
            os.close(write)
            reader.finish()
            return log.lines

        for line in sys.stdin:
            case = json.loads(line)
            secret, before, behind, chance = case["secret"], case["before"], case["behind"], random.Random(case["chance"])
            raw, mask = secret.encode(), module.Mask([secret])
            forms = dict(case["forms"])
            forms.update({
                "plain": secret, "quote": urllib.parse.quote(secret), "quote all": urllib.parse.quote(secret, safe=""), "quote plus": urllib.parse.quote_plus(secret),
                "lower": "".join(c if c.isascii() and c.isalnum() else urllib.parse.quote(c, safe="").lower() for c in secret),
                "html": html.escape(secret), "json": json.dumps(secret)[1:-1], "json unicode": json.dumps(secret, ensure_ascii=False)[1:-1],
                "json slashes": json.dumps(secret)[1:-1].replace("/", "\\/"), "repr": repr(secret)[1:-1], "ascii": ascii(secret)[1:-1],
                "base64": base64.b64encode(raw).decode(), "base64 without padding": base64.b64encode(raw).decode().rstrip("="),
                "base64 url": base64.urlsafe_b64encode(raw).decode(), "base64 url without padding": base64.urlsafe_b64encode(raw).decode().rstrip("="),
                "base64 in url": urllib.parse.quote(base64.b64encode(raw).decode(), safe=""),
            })
            for name, form in forms.items():
                whole = through(mask, before + form + behind + "\n", chance)
                at = chance.randrange(1, len(form)) if len(form) > 1 else 0
                wrapped = through(mask, before + form[:at] + "\n" + form[at:] + behind + "\n", chance)
                print(json.dumps({"name": name, "form": form, "whole": whole, "wrapped": wrapped, "at": at}))
            # Of a few bytes alone, what is the same wherever they stand is too short to be looked for.
            mime = base64.encodebytes(raw * 8).decode() if len(raw) >= 12 else ""
            print(json.dumps({"name": "mime", "form": mime, "whole": through(mask, mime, chance), "wrapped": None, "at": 0}))
            print("end", flush=True)
        """;

    [Fact]
    public async Task Every_usual_form_of_a_secret_is_masked_wherever_pieces_and_lines_end()
    {
        var random = new Random(Seed);
        var script = Path.Combine(Directory.CreateTempSubdirectory("mask-").FullName, "bootstrap.py");
        await File.WriteAllTextAsync(script, EmbeddedText.Read("bootstrap.py"));
        using var python = Process.Start(new ProcessStartInfo("python3", ["-c", Harness, script])
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
            StandardInputEncoding = new UTF8Encoding(false), StandardOutputEncoding = new UTF8Encoding(false),
        })!;
        var errors = python.StandardError.ReadToEndAsync();
        await python.StandardInput.WriteLineAsync("begin");
        var seen = 0;
        for (var i = 0; i < Cases; i++)
        {
            var secret = Secret(random);
            // What no form of it holds.
            const string Before = "\u2261 before ", Behind = "\u2261 behind";
            await python.StandardInput.WriteLineAsync(JsonSerializer.Serialize(new { secret, before = Before, behind = Behind, chance = random.Next(), forms = Forms(secret) }));
            await python.StandardInput.FlushAsync();
            string? line;
            while ((line = await python.StandardOutput.ReadLineAsync()) != "end")
            {
                if (line is null)
                    Assert.Fail(await errors);
                var result = JsonSerializer.Deserialize<Result>(line!, JsonSerializerOptions.Web)!;
                var told = $"case {i}, seed {Seed}, {result.Name} of {JsonSerializer.Serialize(secret)}: {line}";
                seen++;
                if (result.Name == "mime")
                {
                    // Eight of them in a row: what is left is at most the digit that two share, and what fills the last one up.
                    Assert.All(result.Whole, text => Assert.All(text.Split("***"), rest => Assert.True(rest.Length <= 3, told)));
                    continue;
                }

                Assert.True(result.Whole is [$"{Before}***{Behind}"], told);
                Assert.True(result.Wrapped is [$"{Before}***", $"***{Behind}"] || result.At == 0, told);
            }
        }

        python.StandardInput.Close();
        await python.WaitForExitAsync();
        Directory.Delete(Path.GetDirectoryName(script)!, recursive: true);
        Assert.Equal((0, ""), (python.ExitCode, await errors));
        Assert.True(seen > Cases * 20);
    }

    private static string Secret(Random random)
    {
        var runes = Alphabet.EnumerateRunes().ToArray();
        while (true)
        {
            var text = string.Concat(Enumerable.Range(0, random.Next(4, 40)).Select(_ => runes[random.Next(runes.Length)]));
            // Blanks at the ends are masked with and without; then more than one form is right.
            if (text.Trim() == text)
                return text;
        }
    }

    private static Dictionary<string, string> Forms(string secret)
    {
        var relaxed = JavaScriptEncoder.Create(UnicodeRanges.All);
        return new()
        {
            [".NET json"] = JsonEncodedText.Encode(secret).ToString(),
            [".NET json, all"] = JsonEncodedText.Encode(secret, relaxed).ToString(),
            [".NET json, relaxed"] = JsonEncodedText.Encode(secret, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).ToString(),
            [".NET url"] = Uri.EscapeDataString(secret),
            [".NET form"] = WebUtility.UrlEncode(secret),
            [".NET html"] = WebUtility.HtmlEncode(secret),
            [".NET html encoder"] = HtmlEncoder.Default.Encode(secret),
            [".NET base64"] = Convert.ToBase64String(Encoding.UTF8.GetBytes(secret)),
        };
    }

    private sealed record Result(string Name, string Form, IReadOnlyList<string> Whole, IReadOnlyList<string>? Wrapped, int At);
}

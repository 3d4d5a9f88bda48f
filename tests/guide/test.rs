page!("test");
